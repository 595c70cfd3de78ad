package templates

import (
	"math"
	"testing"
	"time"
)

type tyiyn int64

func TestR8_Money(t *testing.T) {
	for _, tc := range []struct {
		in   any
		want string
	}{
		{tyiyn(5713150), "57\u00a0131,50\u00a0сом"},
		{int64(0), "0,00\u00a0сом"},
		{5, "0,05\u00a0сом"},
		{tyiyn(-240000), "−2\u00a0400,00\u00a0сом"},
		{int64(123456789012), "1\u00a0234\u00a0567\u00a0890,12\u00a0сом"},
		{int64(math.MinInt64), "−92\u00a0233\u00a0720\u00a0368\u00a0547\u00a0758,08\u00a0сом"},
	} {
		if got := Money("ky", tc.in); got != tc.want {
			t.Errorf("Money(%v) = %q, want %q", tc.in, got, tc.want)
		}
	}
	if got := Money("en", tyiyn(100)); got != "1,00\u00a0som" {
		t.Errorf("in English: %q", got)
	}
}

func TestR9_DateTimeIsBishkek(t *testing.T) {
	at := time.Date(2018, 7, 3, 5, 0, 24, 0, time.UTC)
	if got := DateTime(at); got != "03.07.2018 11:00:24" {
		t.Errorf("DateTime = %q", got)
	}
	if got := Date(time.Date(2025, 12, 31, 20, 0, 0, 0, time.UTC)); got != "01.01.2026" {
		t.Errorf("Date = %q", got)
	}
	if got := Date("2026-03-05"); got != "05.03.2026" {
		t.Errorf("Date of a day = %q", got)
	}
	if got := DateTime((*time.Time)(nil)); got != "" {
		t.Errorf("no instant = %q", got)
	}
}

func TestMaskedHidesTheMiddle(t *testing.T) {
	type number string
	for in, want := range map[number]string{"20104197909813": "2•••••••••9813", "1234567": "•••••••", "": ""} {
		if got := Masked(in); got != want {
			t.Errorf("Masked(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSizeIsInMegabytes(t *testing.T) {
	for in, want := range map[int]string{20_000_000: "20\u00a0МБ", 612_000: "0,7\u00a0МБ", 1: "0,1\u00a0МБ", 1_400_000: "1,4\u00a0МБ"} {
		if got := Size("ky", in); got != want {
			t.Errorf("Size(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestHexInPairs(t *testing.T) {
	for in, want := range map[string]string{"ec035f": "EC:03:5F", "5a0": "05:A0", "": ""} {
		if got := Hex(in); got != want {
			t.Errorf("Hex(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDueClock(t *testing.T) {
	c, err := LoadCatalog(testWords)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 4, 10, 4, 42, 0, 0, time.UTC) // 10:42 in Bishkek
	none := (*time.Time)(nil)
	for _, tc := range []struct {
		name     string
		deadline any
		paused   any
		class    string
		text     string
	}{
		{"late by days", now.Add(-40 * time.Hour), none, "is-late", "−1\u00a0күн 16\u00a0саат"},
		{"late by hours", now.Add(-16*time.Hour - 42*time.Minute), none, "is-late", "−16\u00a0саат 42\u00a0мүн"},
		{"today", now.Add(7*time.Hour + 18*time.Minute), none, "is-soon", "7\u00a0саат 18\u00a0мүн"},
		{"later", now.Add(70 * time.Hour), none, "is-ok", "2\u00a0күн 22\u00a0саат"},
		{"less than a minute", now.Add(30 * time.Second), none, "is-soon", "0\u00a0мүн"},
		{"paused", now.Add(time.Hour), now.Add(-9 * 24 * time.Hour), "is-still", "9\u00a0күн күтүүдө"},
		{"no clock", none, none, "", ""},
	} {
		if got := c.DueAt("ky", now, tc.deadline, tc.paused); got.Class != tc.class || got.Text != tc.text {
			t.Errorf("%s: %q %q, want %q %q", tc.name, got.Class, got.Text, tc.class, tc.text)
		}
	}
}
