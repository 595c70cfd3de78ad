package registry

import "strings"

// cyrillicTwins maps Cyrillic capitals that look like Latin ones; people type
// them in passport series (domain.md §6.3).
var cyrillicTwins = strings.NewReplacer(
	"А", "A", "В", "B", "Е", "E", "Ё", "E", "З", "3", "І", "I", "К", "K", "М", "M", "Н", "H",
	"О", "O", "Ө", "O", "Р", "P", "С", "C", "Т", "T", "У", "Y", "Ү", "Y", "Х", "X", "Ѕ", "S", "Ј", "J")
