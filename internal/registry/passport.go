package registry

import "strings"

// cyrillicTwins maps Cyrillic capitals to the Latin ones they look like;
// people type them in passport series (domain.md §6.3).
var cyrillicTwins = strings.NewReplacer(
	"А", "A", "В", "B", "Е", "E", "І", "I", "К", "K", "М", "M", "Н", "H", "О", "O",
	"Р", "P", "С", "C", "Т", "T", "У", "Y", "Ү", "Y", "Х", "X", "Ѕ", "S", "Ј", "J")
