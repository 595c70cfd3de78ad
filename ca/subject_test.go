package ca

import (
	"encoding/asn1"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tamga-ca/tamga/internal/registry"
)

func TestSubjectRoundTrip(t *testing.T) {
	person := testSubject()
	person.Organisation, person.INN = "", ""
	foreign := testSubject()
	foreign.Title, foreign.Locality, foreign.GivenName = "", "", "Jean-François"
	for name, s := range map[string]Subject{"organisation": testSubject(), "person alone": person, "nothing optional": foreign} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseSubject(encode(t, s))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(s, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The order, types and values that other software relies on.
func TestSubjectAttributes(t *testing.T) {
	var sequence []rdnSET
	if _, err := asn1.Unmarshal(encode(t, testSubject()), &sequence); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, set := range sequence {
		if len(set) != 1 {
			t.Errorf("%d attributes in an RDN", len(set))
		}
		kind := map[int]string{asn1.TagUTF8String: "utf8", asn1.TagPrintableString: "printable"}[set[0].Value.Tag]
		got = append(got, set[0].Type.String()+" "+kind+" "+string(set[0].Value.Bytes))
	}
	want := []string{
		"2.5.4.6 printable KG",
		"2.5.4.10 utf8 ОсОО «Ак-Жол»",
		"2.5.4.97 utf8 NTRKG-00207199610017",
		"2.5.4.3 utf8 Асанов Үсөн Ыманович",
		"2.5.4.4 utf8 Асанов",
		"2.5.4.42 utf8 Үсөн Ыманович",
		"2.5.4.12 utf8 Башкы директор",
		"2.5.4.5 printable PNOKG-21001199012345",
		"2.5.4.7 utf8 Бишкек",
		"1.2.643.3.131.1.1 printable 21001199012345",
		"1.2.643.100.4 printable 00207199610017",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSubjectIsNormalised(t *testing.T) {
	s := testSubject()
	s.Locality = "  Сүлүктү\u00a0 шаары "
	s.Surname = "Байтикова-Сы\u0438\u0306" // й as two code points
	got, err := ParseSubject(encode(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if got.Locality != "Сүлүктү шаары" || got.Surname != "Байтикова-Сы\u0439" {
		t.Errorf("%q %q", got.Locality, got.Surname)
	}
}

func TestSubjectRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change     func(*Subject)
		key, field string
	}{
		"organisation of 65":    {func(s *Subject) { s.Organisation = strings.Repeat("ө", 65) }, "error.ca.too_long", "organisation"},
		"common name of 65":     {func(s *Subject) { s.CommonName = strings.Repeat("ө", 65) }, "error.ca.too_long", "common_name"},
		"title of 65":           {func(s *Subject) { s.Title = strings.Repeat("ө", 65) }, "error.ca.too_long", "title"},
		"locality of 129":       {func(s *Subject) { s.Locality = strings.Repeat("ө", 129) }, "error.ca.too_long", "locality"},
		"no surname":            {func(s *Subject) { s.Surname = " \t" }, "error.required", "surname"},
		"no given name":         {func(s *Subject) { s.GivenName = "" }, "error.required", "given_name"},
		"no common name":        {func(s *Subject) { s.CommonName = "" }, "error.required", "common_name"},
		"INN of 13":             {func(s *Subject) { s.INN = "0207199610017" }, "error.inn.digits", "inn"},
		"other digits":          {func(s *Subject) { s.PersonalNumber = "2100119901234٥" }, "error.personal_number.digits", "personal_number"},
		"a line end is a space": {func(s *Subject) { s.Title = "a\x00b" }, "error.ca.character", "title"},
		"right to left":         {func(s *Subject) { s.CommonName = "Асанов \u202eнеҮ" }, "error.ca.character", "common_name"},
		"not UTF-8":             {func(s *Subject) { s.Surname = "\xc0\xaf" }, "error.ca.character", "surname"},
	} {
		t.Run(name, func(t *testing.T) {
			s := testSubject()
			c.change(&s)
			_, err := EncodeSubject(s)
			var e *registry.Error
			if !errors.As(err, &e) || e.Kind != registry.Invalid || e.Key != c.key || e.Field != c.field {
				t.Errorf("got %v, want %s on %s", err, c.key, c.field)
			}
		})
	}
	// The limits count characters, not bytes.
	s := testSubject()
	s.Organisation, s.Locality = strings.Repeat("ө", 64), strings.Repeat("ң", 128)
	encode(t, s)
	s.INN = ""
	if _, err := EncodeSubject(s); err == nil {
		t.Error("an organisation without INN was encoded")
	}
}

func TestParseSubjectRefusesAmbiguity(t *testing.T) {
	utf8 := func(oid asn1.ObjectIdentifier, v string) rdnSET {
		return rdnSET{{oid, asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(v)}}}
	}
	person := []rdnSET{utf8(oidSerialNumber, "PNOKG-21001199012345"), utf8(oidPersonINN, "21001199012345")}
	for name, sequence := range map[string][]rdnSET{
		"nobody":                        {},
		"no INN":                        person[:1],
		"two persons":                   {person[0], utf8(oidPersonINN, "11001199012345")},
		"a serialNumber twice":          {person[0], person[0], person[1]},
		"another country's person":      {utf8(oidSerialNumber, "PNOKZ-21001199012345"), person[1]},
		"an organisation's INN alone":   {person[0], person[1], utf8(oidOrganisationIN, "00207199610017")},
		"two organisations":             {person[0], person[1], utf8(oidOrganisationIN, "00207199610017"), utf8(oidOrganisationID, "NTRKG-00207199610018")},
		"a number with a leading space": {utf8(oidSerialNumber, "PNOKG- 1001199012345"), utf8(oidPersonINN, " 1001199012345")},
	} {
		t.Run(name, func(t *testing.T) {
			der, err := asn1.Marshal(sequence)
			if err != nil {
				t.Fatal(err)
			}
			if s, err := ParseSubject(der); err == nil {
				t.Errorf("read as %+v", s)
			}
		})
	}
}

// Whatever is encoded is read back as it was, and is legal.
func FuzzSubject(f *testing.F) {
	f.Add("ОсОО «Ак-Жол»", "Асанов Үсөн", "Асанов", "Үсөн", "Директор", "Бишкек")
	f.Add("", "a", "b", "c", "", "")
	f.Add("\u0301", "\u200b", "\U0001f600", "е\u0308", "\t", "\xff")
	f.Fuzz(func(t *testing.T, organisation, cn, sn, gn, title, locality string) {
		s := Subject{Organisation: organisation, CommonName: cn, Surname: sn, GivenName: gn, Title: title, Locality: locality, PersonalNumber: "21001199012345"}
		if organisation != "" {
			s.INN = "00207199610017"
		}
		der, err := EncodeSubject(s)
		if err != nil {
			return
		}
		got, err := ParseSubject(der)
		if err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		if got.Organisation == "" && got.INN != "" {
			return // white space alone
		}
		again, err := EncodeSubject(got)
		if err != nil || string(again) != string(der) {
			t.Fatalf("%+v became %+v: %v", s, got, err)
		}
	})
}

func FuzzParseSubject(f *testing.F) {
	der, err := EncodeSubject(testSubject())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add([]byte{0x30, 0x00})
	f.Fuzz(func(t *testing.T, der []byte) {
		s, err := ParseSubject(der)
		if err == nil && !digits(string(s.PersonalNumber), 14) {
			t.Errorf("%+v", s)
		}
	})
}
