package token

import (
	"strconv"
	"strings"
)

// Release tells the release of a Rutoken ЭЦП ("1.0", "2.0", "3.0") by the model
// and the versions, "major.minor", of its CK_TOKEN_INFO. The model is "Rutoken
// ECP" whatever the release; the maker's own programs go by the versions. ""
// means that it cannot be told, or is another device (Lite, S, PKI).
func Release(model, hardware, firmware string) string {
	name := strings.ToLower(model)
	if !strings.HasPrefix(name, "rutoken ecp") {
		return ""
	}
	hw, _, ok := version(hardware)
	fw, minor, ok2 := version(firmware)
	switch {
	case !ok || !ok2:
		return ""
	case hw == 54 && fw == 23 && minor == 0: // ЭЦП PKI
		return ""
	case fw >= 28:
		return "3.0"
	case fw >= 20:
		return "2.0"
	case fw > 0:
		return "1.0"
	}
	return ""
}

// AtLeast2 tells whether a release that Release gave satisfies DT-14: release
// 2.0 or newer. What cannot be told does not.
func AtLeast2(release string) bool {
	major, _, ok := version(release)
	return ok && major >= 2
}

func version(s string) (major, minor int, ok bool) {
	a, b, found := strings.Cut(s, ".")
	major, err := strconv.Atoi(a)
	if !found || err != nil {
		return 0, 0, false
	}
	minor, err = strconv.Atoi(b)
	return major, minor, err == nil
}
