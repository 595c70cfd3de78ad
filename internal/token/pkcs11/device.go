package pkcs11

import (
	"strings"

	"github.com/miekg/pkcs11"

	"github.com/tamga-ca/tamga/internal/token"
)

// Algorithm of a key.
type Algorithm string

const (
	RSA2048 Algorithm = "RSA-2048"
	P256    Algorithm = "P-256"
	// GOST2012 is only told, never used: it tells an ЭЦП from lesser devices.
	GOST2012 Algorithm = "GOST-2012"
)

// Device is a token that is plugged in. Memory is in bytes, nil where the token
// does not say.
type Device struct {
	Serial          string      `json:"serial"`
	Label           string      `json:"label"`
	Manufacturer    string      `json:"manufacturer"`
	Model           string      `json:"model"`
	Reader          string      `json:"reader"`
	Release         string      `json:"release"` // token.Release
	HardwareVersion string      `json:"hardwareVersion"`
	FirmwareVersion string      `json:"firmwareVersion"`
	FreeMemory      *int64      `json:"freeMemory"`
	TotalMemory     *int64      `json:"totalMemory"`
	PIN             PIN         `json:"pin"`
	Algorithms      []Algorithm `json:"algorithms"`

	slot uint
}

// PINState is what a token tells about the tries that are left.
type PINState string

const (
	PINOk    PINState = "ok"
	PINLow   PINState = "low"   // a wrong try was made; more than one is left
	PINFinal PINState = "final" // one is left
	PINGone  PINState = "locked"
	PINUnset PINState = "unset"
)

// PIN is the state of a token's user PIN-code.
type PIN struct {
	State PINState `json:"state"`
	// Retries that are left, where the token tells: PKCS #11 knows only one
	// and none.
	Retries *int `json:"retries"`
	// Factory: the token says that the PIN-code must be changed.
	Factory   bool `json:"factory"`
	MinLength int  `json:"minLength"`
	MaxLength int  `json:"maxLength"`
}

// Devices lists the tokens that are plugged in.
func (m *Module) Devices() ([]Device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.devices()
}

func (m *Module) devices() ([]Device, error) {
	slots, err := m.ctx.GetSlotList(true)
	if err != nil {
		return nil, failed("C_GetSlotList", err)
	}
	devices := []Device{}
	for _, slot := range slots {
		info, err := m.ctx.GetTokenInfo(slot)
		if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 {
			continue // pulled out meanwhile, or nothing that can be used
		}
		devices = append(devices, m.device(slot, info))
	}
	return devices, nil
}

func (m *Module) device(slot uint, info pkcs11.TokenInfo) Device {
	d := Device{
		Serial:          strings.TrimSpace(info.SerialNumber),
		Label:           label(info.Label),
		Manufacturer:    strings.TrimSpace(info.ManufacturerID),
		Model:           strings.TrimSpace(info.Model),
		HardwareVersion: versionText(info.HardwareVersion),
		FirmwareVersion: versionText(info.FirmwareVersion),
		FreeMemory:      memory(info.FreePrivateMemory, info.FreePublicMemory),
		TotalMemory:     memory(info.TotalPrivateMemory, info.TotalPublicMemory),
		PIN:             pinOf(info),
		Algorithms:      m.algorithms(slot),
		slot:            slot,
	}
	d.Release = token.Release(d.Model, d.HardwareVersion, d.FirmwareVersion)
	if s, err := m.ctx.GetSlotInfo(slot); err == nil {
		d.Reader = strings.TrimSpace(s.SlotDescription)
	}
	return d
}

// label drops what the Rutoken's library shows where there is none.
func label(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasSuffix(s, "<no label>") {
		return ""
	}
	return s
}

// memory takes the private figure, else the public one.
func memory(figures ...uint) *int64 {
	const unavailable = ^uint(0)
	for _, n := range figures {
		if n != unavailable && n != 0xffffffff { // CK_ULONG has 32 bits on Windows
			v := int64(n)
			return &v
		}
	}
	return nil
}

func pinOf(info pkcs11.TokenInfo) PIN {
	p := PIN{
		State: PINOk, Factory: info.Flags&pkcs11.CKF_USER_PIN_TO_BE_CHANGED != 0,
		MinLength: int(info.MinPinLen), MaxLength: int(info.MaxPinLen),
	}
	left := func(n int) *int { return &n }
	switch f := info.Flags; {
	case f&pkcs11.CKF_USER_PIN_INITIALIZED == 0:
		p.State = PINUnset
	case f&pkcs11.CKF_USER_PIN_LOCKED != 0:
		p.State, p.Retries = PINGone, left(0)
	case f&pkcs11.CKF_USER_PIN_FINAL_TRY != 0:
		p.State, p.Retries = PINFinal, left(1)
	case f&pkcs11.CKF_USER_PIN_COUNT_LOW != 0:
		p.State = PINLow
	}
	return p
}

// The key pair mechanism of GOST R 34.10-2012 has the number of 2001's.
const ckmGOSTKeyPair = 0x1200

func (m *Module) algorithms(slot uint) []Algorithm {
	able := func(mechanisms ...uint) bool {
		for _, id := range mechanisms {
			if _, err := m.ctx.GetMechanismInfo(slot, []*pkcs11.Mechanism{pkcs11.NewMechanism(id, nil)}); err != nil {
				return false
			}
		}
		return true
	}
	out := []Algorithm{}
	if able(pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, pkcs11.CKM_RSA_PKCS) {
		out = append(out, RSA2048)
	}
	if able(pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.CKM_ECDSA) {
		out = append(out, P256)
	}
	if able(ckmGOSTKeyPair) {
		out = append(out, GOST2012)
	}
	return out
}

// find looks for the token with a serial number, wherever it is now. It asks for
// no mechanisms.
func (m *Module) find(serial string) (uint, pkcs11.TokenInfo, error) {
	slots, err := m.ctx.GetSlotList(true)
	if err != nil {
		return 0, pkcs11.TokenInfo{}, failed("C_GetSlotList", err)
	}
	for _, slot := range slots {
		info, err := m.ctx.GetTokenInfo(slot)
		if err == nil && strings.TrimSpace(info.SerialNumber) == serial {
			return slot, info, nil
		}
	}
	return 0, pkcs11.TokenInfo{}, Refuse(DeviceNotFound, "no token %q is plugged in", serial)
}
