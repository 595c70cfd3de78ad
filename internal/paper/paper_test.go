package paper

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

var printed = time.Date(2026, 4, 7, 4, 5, 0, 0, time.UTC)

// catalog reads the program's own words, so that a missing one is found here.
func catalog(t testing.TB, language string) Words {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "templates", "locales", language+".toml"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := toml.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return func(key string, args ...any) string {
		text, ok := all[key].(string)
		if !ok {
			t.Errorf("%s lacks %s", language, key)
		}
		for i := 0; i+1 < len(args); i += 2 {
			text = strings.ReplaceAll(text, "{{."+fmt.Sprint(args[i])+"}}", fmt.Sprint(args[i+1]))
		}
		if strings.Contains(text, "{{") {
			t.Errorf("%s: %s needs more than %v: %s", language, key, args, text)
		}
		return text
	}
}

func slip(language string) Slip {
	return Slip{
		Language: language, Authority: "Dos Tek Group", Branch: "Күбөлөндүрүүчү борбор", Number: "26-0396",
		Printed: "07.04.2026 10:05", PrintedAt: printed,
		Holder: "Өмүрбекова Үмүт Таңатаровна", Role: "Жетекчи", Organisation: "«Нур-Тилек Медиа» ЖЧК", INN: "00101202019906",
		Code: "7K4M-2QXD-9HTV", Expires: "10.04.2026 10:05:00", Address: "tamga.example/e-cloud", QR: "https://tamga.example/e-cloud",
		Clerk: "Айдарова Бактыгүл", Test: true,
	}
}

func m2a(language string) M2a {
	return M2a{
		Language: language, Number: "26-0118", PrintedAt: printed, Attorney: "7", OKPO: "90000101", Issued: "16.02.2026", Until: "03.03.2026",
		Organisation: "«Ак-Булак Агросервис» ЖЧК", INN: "00503201719901",
		Consumer: "«Ак-Булак Агросервис» ЖЧК, 720000, Бишкек ш., Чүй проспектиси, 115-үй, 3-кабат, 12-кеңсе, Биринчи Май району",
		Payer:    "ошол эле", Position: "Офис-менеджер", Person: "Ибраимов Тилек Нурланович", Series: "ID", Passport: "0000103",
		Supplier: "Dos Tek Group, күбөлөндүрүүчү борбор", Goods: "квалификацияланган электрондук колтамга (КЭК)", Basis: "буйрутма 26-0118, 16.02.2026",
		Head: "Асанова Гүлнара Бектуровна", Accountant: "Сыдыкова Чолпон Маратовна",
		Items: []Item{{"Рутокендеги КЭК: Асанова Гүлнара Бектуровна, Директор", "даана", "бир"}, {"Рутокендеги КЭК: Сыдыкова Чолпон Маратовна, Башкы бухгалтер", "даана", "бир"}},
	}
}

func certificate(language string) Certificate {
	return Certificate{
		Language: language, Authority: "Dos Tek Group", Printed: "07.04.2026 10:05", PrintedAt: printed,
		Holder: "Өмүрбекова Үмүт Таңатаровна", Role: "Жетекчи", Organisation: "«Нур-Тилек Медиа» ЖЧК", INN: "00101202019906",
		Serial: "7f 00 ab", From: "07.04.2026 10:05:00", Until: "07.04.2027 10:05:00", Storage: "Рутокен", Fingerprint: "00 11 22",
		Address: "tamga.example/status", QR: "https://tamga.example/status/7f00ab", Test: true,
	}
}

// A sheet about a certificate says where its status is asked, in three
// languages, whatever stands in it.
func TestCertificateSheet(t *testing.T) {
	for _, language := range []string{"ky", "ru", "en"} {
		words := catalog(t, language)
		var b bytes.Buffer
		if err := certificate(language).Write(&b, words); err != nil {
			t.Fatal(err)
		}
		got := text(t, b.Bytes())
		for _, want := range []string{"Өмүрбекова Үмүт Таңатаровна, Жетекчи", "7f 00 ab", "07.04.2027 10:05:00", "tamga.example/status", words("paper.certificate.check"), words("paper.test")} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the sheet lacks %q:\n%s", language, want, got)
			}
		}
	}
}

func text(t *testing.T, pdf []byte) string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pdftotext (Debian: poppler-utils): %v", err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestPapersKeepTheirLetters(t *testing.T) {
	for _, language := range []string{"ky", "ru", "en"} {
		words := catalog(t, language)
		var a, b bytes.Buffer
		if err := slip(language).Write(&a, words); err != nil {
			t.Fatal(err)
		}
		if err := m2a(language).Write(&b, words); err != nil {
			t.Fatal(err)
		}
		got := text(t, a.Bytes())
		for _, want := range []string{
			"Өмүрбекова Үмүт Таңатаровна, Жетекчи", "7K4M-2QXD-9HTV", "00101202019906", "26-0396", "10.04.2026 10:05:00",
			"tamga.example/e-cloud", words("paper.slip.title"), words("paper.slip.stub"), words("paper.test"), "Айдарова Бактыгүл",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the slip lacks %q:\n%s", language, want, got)
			}
		}
		got = text(t, b.Bytes())
		for _, want := range []string{
			words("paper.m2a.title", "number", "7"), "0315002", "ОКПО", "Ибраимов Тилек Нурланович", "0000103", "Чүй проспектиси", "кеңсе",
			words("paper.m2a.head"), "Асанова Гүлнара Бектуровна", words("paper.m2a.back"), "даана", "00503201719901",
		} {
			if want != "ОКПО" || language != "en" {
				if !strings.Contains(got, want) {
					t.Errorf("%s: form M-2a lacks %q:\n%s", language, want, got)
				}
			}
		}
	}
}

func TestPapersAreTheSameBytes(t *testing.T) {
	words := catalog(t, "ky")
	make := func(at time.Time) (out [2]bytes.Buffer) {
		s, m := slip("ky"), m2a("ky")
		s.PrintedAt, m.PrintedAt = at, at
		if err := s.Write(&out[0], words); err != nil {
			t.Fatal(err)
		}
		if err := m.Write(&out[1], words); err != nil {
			t.Fatal(err)
		}
		return out
	}
	a, b, c := make(printed), make(printed.In(time.FixedZone("", 6*3600))), make(printed.Add(time.Second))
	for i := range a {
		if !bytes.Equal(a[i].Bytes(), b[i].Bytes()) {
			t.Errorf("paper %d differs from itself", i)
		}
		if bytes.Equal(a[i].Bytes(), c[i].Bytes()) {
			t.Errorf("paper %d does not carry its date", i)
		}
	}
}

// Whatever a name holds, a paper comes out, on the pages it has to have.
func TestPapersOfStrangeTexts(t *testing.T) {
	words := catalog(t, "ky")
	for _, name := range []string{"", "\x00\x1b", "\xff\xfe", "😀 Асан", strings.Repeat("Узун-аталыш ", 60), strings.Repeat("ү", 400), "a\nb", "\u202eabc"} {
		s, m := slip("ky"), m2a("ky")
		s.Holder, s.Organisation, s.Clerk, s.Branch = name, name, name, name
		m.Person, m.Consumer, m.Head, m.Supplier = name, name, name, name
		m.Items = append(m.Items, Item{name, name, name}, Item{name, "", ""})
		var out bytes.Buffer
		if err := s.Write(&out, words); err != nil {
			t.Errorf("slip of %.20q: %v", name, err)
		}
		if err := m.Write(&out, words); err != nil {
			t.Errorf("form M-2a of %.20q: %v", name, err)
		}
	}
	long := slip("ky")
	long.QR = strings.Repeat("x", 5000)
	if err := long.Write(&bytes.Buffer{}, words); err == nil {
		t.Error("a QR code of 5000 characters was made")
	}
}
