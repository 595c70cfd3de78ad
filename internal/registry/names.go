package registry

import "strings"

// SplitName reads a full name written in one line, surname first, as Kyrgyz
// and Russian papers do: "Асанова Гүлнара Бектуровна". "уулу" and "кызы"
// belong to the surname ("Асан уулу Эрмек"); a patronymic may be missing. What
// follows the third word stays with the patronymic.
func SplitName(s string) PersonName {
	w := strings.Fields(s)
	surname := 1
	if len(w) > 1 {
		switch strings.ToLower(w[1]) {
		case "уулу", "кызы", "uulu", "kyzy":
			surname = 2
		}
	}
	surname = min(surname, len(w))
	n := PersonName{Surname: strings.Join(w[:surname], " ")}
	w = w[surname:]
	if len(w) > 0 {
		n.Given = w[0]
		n.Patronymic = strings.Join(w[1:], " ")
	}
	return n
}
