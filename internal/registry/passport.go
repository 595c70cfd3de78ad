package registry

import "strings"

// cyrillicTwins maps Cyrillic capitals to the Latin ones they look like;
// people type them in passport series (domain.md §6.3) and in the numbers of
// payments.
var cyrillicTwins = strings.NewReplacer(
	"А", "A", "В", "B", "Е", "E", "І", "I", "К", "K", "М", "M", "Н", "H", "О", "O",
	"Р", "P", "С", "C", "Т", "T", "У", "Y", "Ү", "Y", "Х", "X", "Ѕ", "S", "Ј", "J")

// FoldReference is the number of a payment document as it is told from others:
// "рр-17", typed in Cyrillic, is "PP-17".
func FoldReference(s string) string { return cyrillicTwins.Replace(strings.ToUpper(s)) }
