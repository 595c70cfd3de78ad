package registry

import "testing"

func TestFold(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"Жумалиев", "ДЖУМАЛИЕВ"},
		{"ЖЧК «Көк-Жайык Транс»", `ОсОО "Кок-Жайык Транс"`},
		{"МЧК Ак-Булак", "ооо ак булак"},
		{"Сары-Өзөн Курулуш", "сары озон  курулуш"},
		{"Жаңы Чүй", "жаны чуй"},
		{"Артём", "Артем"},
		{"кол тамганын", "колтамганын"},
		{"төлѳм", "толом"},
		{"ЖИ Токтосунов", "ИП Токтосунов"},
	} {
		if Fold(c.a) != Fold(c.b) {
			t.Errorf("Fold(%q) = %q, Fold(%q) = %q", c.a, Fold(c.a), c.b, Fold(c.b))
		}
	}
	if got := Fold(" 00503201719901 "); got != "00503201719901" {
		t.Errorf("a number folds to %q", got)
	}
}
