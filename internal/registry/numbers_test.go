package registry

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var asOf = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func keyOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Key
	}
	if err != nil {
		return "another error"
	}
	return ""
}

func TestParseINN(t *testing.T) {
	for _, tc := range []struct{ in, want, key string }{
		{"00503201719901", "00503201719901", ""},
		{" 0050 3201 7199 01 ", "00503201719901", ""},
		{"005-032-017-19901", "00503201719901", ""},
		{"\u200b00503201719901\u00a0", "00503201719901", ""},
		{"503201719901", "", "error.registry.inn"},    // the leading zeros are never guessed
		{"005032017199012", "", "error.registry.inn"}, // 15 digits
		{"0050320171990O", "", "error.registry.inn"},  // a letter O
		{"٠٠٥٠٣٢٠١٧١٩٩٠١", "", "error.registry.inn"},  // other digits
		{"99999999999999", "99999999999999", ""},      // an odd shape is no refusal
		{"", "", "error.registry.inn"},
	} {
		got, err := ParseINN(tc.in)
		if string(got) != tc.want || keyOf(err) != tc.key {
			t.Errorf("ParseINN(%q) = %q, %v", tc.in, got, err)
		}
	}
}

func TestINNShapeIsOnlyAWarning(t *testing.T) {
	for _, tc := range []struct {
		inn  INN
		kind OrganisationKind
		want bool
	}{
		{"00207199610017", LegalEntity, true}, // a published sample
		{"00503201719901", LegalEntity, true},
		{"00503201729901", LegalEntity, false},
		{"10207199610017", LegalEntity, false},
		{"03113201710017", LegalEntity, false},
		{"20202199099804", SoleEntrepreneur, true},
		{"00207199610017", SoleEntrepreneur, false},
		{"1", LegalEntity, false},
	} {
		if got := tc.inn.Plausible(tc.kind, asOf); got != tc.want {
			t.Errorf("%s as %s: %t", tc.inn, tc.kind, got)
		}
	}
}

func TestParsePersonalNumber(t *testing.T) {
	for _, tc := range []struct{ in, want, key string }{
		{"11405198199801", "11405198199801", ""},
		{"2 0202 1990 99804", "20202199099804", ""},
		{"22902200000001", "22902200000001", ""},
		{"22902190000001", "", "error.registry.personal_number_date"}, // 1900 was no leap year
		{"13113198199801", "", "error.registry.personal_number_date"},
		{"10005198199801", "", "error.registry.personal_number_date"},
		{"11405000199801", "", "error.registry.personal_number_date"},
		{"31405198199801", "", "error.registry.personal_number_sex"},
		{"01405198199801", "", "error.registry.personal_number_sex"},
		{"12411202600001", "", "error.registry.date_future"},
		{"12211202600001", "12211202600001", ""}, // born today
		{"1140519819980", "", "error.registry.personal_number"},
		{"1140519819980а", "", "error.registry.personal_number"},
	} {
		got, err := ParsePersonalNumber(tc.in, asOf)
		if string(got) != tc.want || keyOf(err) != tc.key {
			t.Errorf("ParsePersonalNumber(%q) = %q, %v", tc.in, got, err)
		}
	}
	n := PersonalNumber("11405198199801")
	if n.Sex() != Female || n.BirthDate().String() != "1981-05-14" || n.Masked() != "••••••••••9801" {
		t.Errorf("sex %s, born %s, masked %s", n.Sex(), n.BirthDate(), n.Masked())
	}
	if n := PersonalNumber("2"); n.Sex() != "" || !n.BirthDate().IsZero() || n.Masked() != "•" {
		t.Error("a number that is none")
	}
}

func TestParsePhone(t *testing.T) {
	for in, want := range map[string]string{
		"+996 312 960 360": "+996312960360", "+996 708-10-00-84": "+996708100084",
		"+996 (312) 960 360": "+996312960360", "(0312)98 68 66": "+996312986866",
		"0312 98-68-66": "+996312986866", "996312986866": "+996312986866",
		"00996 312 986866": "+996312986866", "312986866": "+996312986866",
		"+996 (0312) 98 68 66": "+996312986866", "0\u00a0555\u00a0123\u2011456": "+996555123456",
		"03222 5 12 34": "+996322251234", "+7 495 123 45 67": "", "+99631298686": "", "++996312986866": "",
		"+996 312 9868 6a": "", "": "", "+996012345678": "", "112": "",
	} {
		got, err := ParsePhone(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParsePhone(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestParseEmailOKPOAndSocialFund(t *testing.T) {
	for in, ok := range map[string]bool{
		"office@akbulak.example": true, " a.b+c@d.example ": true, "a@b": false, "a b@c.example": false,
		"Асан <a@b.example>": false, "а@b.example": false, "a@b.example, c@d.example": false, "": false,
		strings.Repeat("a", 300) + "@b.example": false, "a@b.example\r\nBcc: x@y.example": false,
	} {
		if _, err := ParseEmail(in); (err == nil) != ok {
			t.Errorf("ParseEmail(%q): %v", in, err)
		}
	}
	for in, want := range map[string]string{"90000101": "90000101", "9000 0101": "90000101", "": ""} {
		if got, err := ParseOKPO(in); got != want || err != nil {
			t.Errorf("ParseOKPO(%q) = %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"9000010", "900001011", "9000010a"} {
		if _, err := ParseOKPO(in); err == nil {
			t.Errorf("ParseOKPO(%q) is accepted", in)
		}
	}
	if got, err := ParseSocialFundNumber("  100-000-0101 "); got != "100-000-0101" || err != nil {
		t.Errorf("social fund: %q, %v", got, err)
	}
	if _, err := ParseSocialFundNumber(strings.Repeat("ө", 21)); err == nil {
		t.Error("21 characters are accepted")
	}
}

func TestPassportSeriesInCyrillic(t *testing.T) {
	for in, want := range map[string]string{
		"АС1234567": "AC 1234567", "ас 123 45-67": "AC 1234567", "ID0000101": "ID 0000101",
		"АН № 1234567": "AH 1234567", "an1234567": "AN 1234567", "": " ", "U00000113": "U 00000113",
	} {
		series, number := SplitPassport(in)
		if series+" "+number != want {
			t.Errorf("SplitPassport(%q) = %q %q, want %q", in, series, number, want)
		}
	}
}

func TestTyiyn(t *testing.T) {
	for n, want := range map[Tyiyn]string{
		5713150: "57\u00a0131,50", 0: "0,00", 5: "0,05", 100: "1,00", 99999: "999,99", 100000: "1\u00a0000,00",
		123456789012: "1\u00a0234\u00a0567\u00a0890,12", -142000: "−1\u00a0420,00", -1 << 63: "−92\u00a0233\u00a0720\u00a0368\u00a0547\u00a0758,08",
	} {
		if got := n.String(); got != want {
			t.Errorf("%d: %q, want %q", int64(n), got, want)
		}
	}
	for in, want := range map[string]Tyiyn{
		"57131.5": 5713150, "57 131,50": 5713150, "57\u00a0131,50 сом": 5713150, "1510": 151000, "0,05": 5, "1510 KGS": 151000, "1000000000": 100000000000,
	} {
		if got, err := ParseTyiyn(in); got != want || err != nil {
			t.Errorf("ParseTyiyn(%q) = %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "-5", "−5", "1,2,3", "1,000", "1,", ",5", "abc", "1000000000,01", "99999999999999999999", "0x10", "1e3", "+5"} {
		if got, err := ParseTyiyn(in); keyOf(err) != "error.registry.amount" {
			t.Errorf("ParseTyiyn(%q) = %d, %v", in, got, err)
		}
	}
}

func TestA11_ChargeOf(t *testing.T) {
	for _, tc := range []struct{ balance, fee Tyiyn }{{250050, 142000}, {142000, 142000}, {141999, 142000}, {0, 1}, {-5, 10}} {
		c := ChargeOf(tc.balance, tc.fee)
		if c.After != tc.balance-c.Amount || (c.Missing > 0) != (tc.balance < tc.fee) || c.Missing > 0 && (c.Amount != 0 || tc.balance+c.Missing != tc.fee) {
			t.Errorf("%d for %d: %+v", tc.fee, tc.balance, c)
		}
	}
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"00503201719901", "+996 (0312) 98 68 66", "57 131,50", "a@b.example", "05.03.2017", "АС1234567", "Ө", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ParseINN(s); err == nil {
			again, err := ParseINN(string(n))
			if err != nil || again != n || len(n) != 14 {
				t.Errorf("INN %q", n)
			}
			n.Plausible(LegalEntity, asOf)
			n.Plausible(SoleEntrepreneur, asOf)
		}
		if n, err := ParsePersonalNumber(s, asOf); err == nil && (n.Sex() == "" || n.BirthDate().IsZero()) {
			t.Errorf("personal number %q", n)
		}
		if p, err := ParsePhone(s); err == nil {
			if again, err := ParsePhone(p); err != nil || again != p || len(p) != 13 {
				t.Errorf("phone %q", p)
			}
		}
		if n, err := ParseTyiyn(s); err == nil {
			if again, err := ParseTyiyn(n.String()); err != nil || again != n {
				t.Errorf("%d is written %q, which reads %d, %v", n, n, again, err)
			}
		}
		if d, err := ParseInputDate(s); err == nil {
			if again, err := ParseDate(d.String()); err != nil || again != d {
				t.Errorf("date %s", d)
			}
			if again, err := ParseInputDate(d.Display()); err != nil || again != d {
				t.Errorf("date %s", d.Display())
			}
		}
		if e, err := ParseEmail(s); err == nil && strings.ContainsAny(e, "\r\n ") {
			t.Errorf("e-mail %q", e)
		}
		SplitPassport(s)
		if once := Fold(s); Fold(once) != once {
			t.Errorf("folding %q twice: %q, %q", s, once, Fold(once))
		}
		_ = SplitName(s).String()
	})
}
