package registry

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// TokenID is the row of a token in the register.
type TokenID int64

// Token is a device that keys are made on, as its own software describes it.
type Token struct {
	ID     TokenID
	Serial string // as TokenSerial writes it
	Label  string
	Model  string // "Rutoken ECP"
	// Hardware and Firmware are versions "54.1" of CK_TOKEN_INFO; empty where
	// the software does not tell.
	Hardware, Firmware string
	Release            Release
	Algorithms         []string // what its hardware does, e.g. "RSA-2048", "GOST-2012"
	// FreeMemory and TotalMemory in bytes, -1 where the software does not tell.
	FreeMemory, TotalMemory int64
	FirstSeenAt, LastSeenAt time.Time
}

// TokenSerial brings a token's serial number to the one form that is compared.
func TokenSerial(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" || len(s) > 64 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
		return "", Refuse(Invalid, "error.token.serial")
	}
	return s, nil
}

// KeyAlgorithm of a key on a token.
type KeyAlgorithm string

const (
	RSA2048 KeyAlgorithm = "RSA-2048"
	P256    KeyAlgorithm = "P-256"
)

// Does says whether the token's hardware makes keys of an algorithm.
func (t *Token) Does(a KeyAlgorithm) bool { return slices.Contains(t.Algorithms, string(a)) }

// Release of a token family, e.g. "2.0"; empty where it cannot be told.
type Release string

// AtLeast compares releases as numbers. An unknown one is older than any.
func (r Release) AtLeast(least Release) bool {
	a, aMinor, ok := version(string(r))
	b, bMinor, _ := version(string(least))
	return ok && (a > b || a == b && aMinor >= bMinor)
}

// ReleaseOf tells the release of a Rutoken ЭЦП (DT-14). PKCS#11 calls all of
// them "Rutoken ECP", so the versions of hardware and firmware decide, as the
// maker numbers them; where they are not told, the model's text; else what the
// hardware does: only 3.0 has ECDSA, and 1.0 lacks GOST R 34.10-2012.
func ReleaseOf(t *Token) Release {
	model := strings.ToLower(t.Model)
	if !strings.Contains(model, "rutoken") && !strings.Contains(model, "рутокен") ||
		!strings.Contains(model, "ecp") && !strings.Contains(model, "эцп") {
		return "" // Lite and S have no signing hardware
	}
	hardware, _, okHardware := version(t.Hardware)
	firmware, minor, okFirmware := version(t.Firmware)
	if okHardware && okFirmware && firmware > 0 {
		for _, row := range releases {
			if firmware >= row.from && firmware <= row.to && (row.hardware == nil || slices.Contains(row.hardware, hardware)) {
				return row.release
			}
		}
		if firmware == 23 && hardware == 54 && minor == 2 {
			return "2.0"
		}
		return ""
	}
	for _, r := range []Release{"3.0", "2.0"} {
		if strings.Contains(model, string(r)) {
			return r
		}
	}
	switch {
	case t.Does(P256):
		return "3.0"
	case slices.Contains(t.Algorithms, "GOST-2012"):
		return "2.0"
	}
	return ""
}

// releases is the maker's numbering: major versions of firmware and hardware.
// Firmware 23 on hardware 54 was two devices; the minor version tells which.
var releases = []struct {
	from, to int // of firmware
	hardware []int
	release  Release
}{
	{1, 19, nil, "1.0"},
	{23, 23, []int{20}, "2.0"},
	{24, 24, []int{20, 55}, "2.0"},
	{26, 26, []int{20, 59}, "2.0"},
	{27, 27, []int{55, 58, 59}, "2.0"},
	{28, 28, []int{60}, "3.0"},
	{30, 30, []int{59, 60, 65}, "3.0"},
	{31, 31, []int{60, 65, 67}, "3.0"},
}

// version reads "54.1" and "54".
func version(s string) (major, minor int, ok bool) {
	first, second, dotted := strings.Cut(s, ".")
	major, err := strconv.Atoi(first)
	if err != nil || major < 0 {
		return 0, 0, false
	}
	if dotted {
		if minor, err = strconv.Atoi(second); err != nil || minor < 0 {
			return 0, 0, false
		}
	}
	return major, minor, true
}

// TokenKeyID is the row of a key on a token.
type TokenKeyID int64

// TokenKeyStatus is where a key on a token stands.
type TokenKeyStatus string

const (
	// KeyBegun: the token was told to make a key and perhaps did.
	KeyBegun TokenKeyStatus = "begun"
	// KeyRequested: the certificate request made with it is accepted.
	KeyRequested TokenKeyStatus = "made"
	// KeyWritten: the certificate was read back from the token, byte for byte.
	KeyWritten TokenKeyStatus = "written"
	// KeyProven: a signature of the token was verified.
	KeyProven TokenKeyStatus = "proven"
	// KeyDropped: given up; where it is found it is removed.
	KeyDropped TokenKeyStatus = "dropped"
	// KeyRemoved from the token. Final.
	KeyRemoved TokenKeyStatus = "removed"
)

// TokenKeyStatuses lists them in the order of the work.
var TokenKeyStatuses = [...]TokenKeyStatus{KeyBegun, KeyRequested, KeyWritten, KeyProven, KeyDropped, KeyRemoved}

// TokenKeyMoves is the table of moves, from → to.
var TokenKeyMoves = map[TokenKeyStatus][]TokenKeyStatus{
	KeyBegun:     {KeyRequested, KeyDropped},
	KeyRequested: {KeyWritten, KeyDropped},
	KeyWritten:   {KeyProven, KeyDropped},
	KeyProven:    {KeyDropped},
	KeyDropped:   {KeyRemoved},
}

// MoveTokenKey judges one move.
func MoveTokenKey(from, to TokenKeyStatus) error {
	if slices.Contains(TokenKeyMoves[from], to) {
		return nil
	}
	return Refuse(Conflict, "error.changed_meanwhile")
}

// TokenKey is a key that was to be made on a token for an enrolment.
type TokenKey struct {
	ID            TokenKeyID
	EnrolmentID   EnrolmentID
	TokenID       TokenID
	Serial        string // of the token
	Marker        string // the label it is made under
	Algorithm     KeyAlgorithm
	KeyID         string // CKA_ID in hexadecimal
	PublicKeyHash string // SHA-256 of the SubjectPublicKeyInfo, hex
	CertificateID CertificateID
	Status        TokenKeyStatus
	CreatedAt     time.Time
	MadeAt        *time.Time
	WrittenAt     *time.Time
	ProvenAt      *time.Time
}

// Live says that the key belongs to the certificate its enrolment is about.
func (k *TokenKey) Live() bool { return k.Status != KeyDropped && k.Status != KeyRemoved }
