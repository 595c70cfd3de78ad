package templates

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // Asia/Bishkek on machines without a zone database
	"unicode/utf8"
)

// NoBreak is U+00A0, which stands inside sums, before units and after №.
const NoBreak = "\u00a0"

var bishkek = func() *time.Location {
	loc, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		return time.FixedZone("Asia/Bishkek", 6*60*60)
	}
	return loc
}()

// Money writes an amount in hundredths of a som (any type whose kind is an
// integer) as "57 131,50 сом"; English pages say "som".
func Money(lang string, tyiyn any) string {
	unit := "сом"
	if lang == "en" {
		unit = "som"
	}
	return Amount(tyiyn) + NoBreak + unit
}

// Amount is Money without its unit, for columns: "57 131,50". A negative
// amount begins with U+2212.
func Amount(tyiyn any) string {
	n, ok := integer(tyiyn)
	if !ok {
		return fmt.Sprint(tyiyn)
	}
	sign, u := "", uint64(n)
	if n < 0 {
		sign, u = "−", uint64(-(n+1))+1
	}
	return fmt.Sprintf("%s%s,%02d", sign, group(u/100), u%100)
}

// Number writes a whole number with its digits in groups of three.
func Number(v any) string {
	n, ok := integer(v)
	if !ok {
		return fmt.Sprint(v)
	}
	if n < 0 {
		return "−" + group(uint64(-(n+1))+1)
	}
	return group(uint64(n))
}

func group(u uint64) string {
	s := strconv.FormatUint(u, 10)
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteString(NoBreak)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// DateTime writes an instant as "03.07.2018 11:00:24", Bishkek time, in all
// three languages. A nil or zero instant is empty.
func DateTime(v any) string { return layout(v, "02.01.2006 15:04:05") }

// Date is DateTime without the time. It also takes a calendar day in the form
// YYYY-MM-DD.
func Date(v any) string {
	if s, ok := v.(string); ok {
		day, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return s
		}
		return day.Format("02.01.2006")
	}
	return layout(v, "02.01.2006")
}

// Clock is the time of day with seconds.
func Clock(v any) string { return layout(v, "15:04:05") }

// ISO is the machine's form for the datetime attribute of <time>.
func ISO(v any) string {
	t, ok := instant(v)
	if !ok {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func layout(v any, form string) string {
	t, ok := instant(v)
	if !ok {
		return ""
	}
	return t.In(bishkek).Format(form)
}

func instant(v any) (time.Time, bool) {
	switch t := v.(type) {
	case time.Time:
		return t, !t.IsZero()
	case *time.Time:
		if t != nil && !t.IsZero() {
			return *t, true
		}
	}
	return time.Time{}, false
}

// Masked hides the middle of a personal number, as lists show it:
// "2•••••••••9813". Anything shorter than eight characters is hidden whole.
func Masked(v any) string {
	s := fmt.Sprint(v)
	n := utf8.RuneCountInString(s)
	if n < 8 {
		return strings.Repeat("•", n)
	}
	r := []rune(s)
	return string(r[0]) + strings.Repeat("•", n-5) + string(r[n-4:])
}

// Size writes a number of bytes in megabytes, or kilobytes below one tenth of
// a megabyte. Kilobytes are never "КБ": that is a certification authority.
func Size(lang string, bytes any) string {
	n, ok := integer(bytes)
	if !ok {
		return fmt.Sprint(bytes)
	}
	mega := "МБ"
	if lang == "en" {
		mega = "MB"
	}
	tenths := int64(math.Ceil(float64(n) / 1e5))
	if tenths%10 == 0 {
		return Number(tenths/10) + NoBreak + mega
	}
	return fmt.Sprintf("%s,%d%s%s", Number(tenths/10), tenths%10, NoBreak, mega)
}

// Hex writes a certificate's serial number or a hash in pairs: "EC:03:5F".
func Hex(v any) string {
	s := strings.ToUpper(fmt.Sprint(v))
	if len(s)%2 == 1 {
		s = "0" + s
	}
	var b strings.Builder
	for i := 0; i < len(s); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(s[i : i+2])
	}
	return b.String()
}

func integer(v any) (int64, bool) {
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return r.Int(), true
	case r.CanUint() && r.Uint() <= math.MaxInt64:
		return int64(r.Uint()), true
	}
	return 0, false
}

// wholeNumber is what plural rules take.
func wholeNumber(v any) (int64, bool) {
	if s, ok := v.(string); ok {
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil
	}
	return integer(v)
}
