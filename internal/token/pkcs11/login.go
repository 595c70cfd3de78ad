package pkcs11

import (
	"errors"
	"slices"

	"github.com/miekg/pkcs11"
)

// FactoryPINs are the PIN-codes that a Rutoken leaves the factory with, of its
// user and of its administrator.
var FactoryPINs = []string{"12345678", "87654321"}

// Login logs in to the token with that serial number and keeps the session until
// Logout, another Login, ChangePIN or the token's removal. The PIN-code is tried
// once. factory: it is the one from the factory.
func (m *Module) Login(serial, pin string) (factory bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(serial)
	slot, info, err := m.find(serial)
	if err != nil {
		return false, err
	}
	if err := worthTrying(info, pin); err != nil {
		return false, m.aboutPIN(serial, err)
	}
	h, err := m.ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return false, m.judge(serial, failed("C_OpenSession", err))
	}
	err = m.ctx.Login(h, pkcs11.CKU_USER, pin)
	if errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) || errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ANOTHER_ALREADY_LOGGED_IN)) {
		// Nobody has looked at this PIN-code yet.
		_ = m.ctx.Logout(h)
		err = m.ctx.Login(h, pkcs11.CKU_USER, pin)
	}
	if err != nil {
		_ = m.ctx.CloseSession(h)
		return false, m.aboutPIN(serial, m.judge(serial, failed("C_Login", err)))
	}
	m.logins[serial] = h
	return slices.Contains(FactoryPINs, pin) || info.Flags&pkcs11.CKF_USER_PIN_TO_BE_CHANGED != 0, nil
}

// Logout ends a login, if there is one.
func (m *Module) Logout(serial string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(serial)
}

// ChangePIN gives the user another PIN-code. It ends a login.
func (m *Module) ChangePIN(serial, pin, newPIN string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(serial)
	slot, info, err := m.find(serial)
	if err != nil {
		return err
	}
	if err := worthTrying(info, pin); err != nil {
		return m.aboutPIN(serial, err)
	}
	switch {
	case !lengthOf(newPIN).fits(info):
		return m.aboutPIN(serial, Refuse(PINLengthInvalid, "the new PIN-code is too short or too long"))
	case newPIN == pin:
		return m.aboutPIN(serial, Refuse(PINInvalid, "the new PIN-code is the old one"))
	case slices.Contains(FactoryPINs, newPIN):
		return m.aboutPIN(serial, Refuse(PINInvalid, "the new PIN-code is the factory's"))
	}
	h, err := m.ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return m.judge(serial, failed("C_OpenSession", err))
	}
	err = failed("C_SetPIN", m.ctx.SetPIN(h, pin, newPIN))
	_ = m.ctx.CloseSession(h)
	return m.aboutPIN(serial, m.judge(serial, err))
}

// worthTrying refuses what could only fail, before a try is spent.
func worthTrying(info pkcs11.TokenInfo, pin string) error {
	switch {
	case pinOf(info).State == PINUnset:
		return Refuse(PINNotInitialized, "the token has no user PIN-code")
	case pinOf(info).State == PINGone:
		return Refuse(PINLocked, "the token says so")
	case !lengthOf(pin).fits(info):
		return Refuse(PINLengthInvalid, "the PIN-code is too short or too long")
	}
	return nil
}

type length uint

func lengthOf(pin string) length { return length(len(pin)) }

func (l length) fits(info pkcs11.TokenInfo) bool {
	return uint(l) >= max(info.MinPinLen, 1) && (info.MaxPinLen == 0 || uint(l) <= info.MaxPinLen)
}

// aboutPIN adds what the token now says about its PIN-code.
func (m *Module) aboutPIN(serial string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	switch e.Code {
	case PINIncorrect, PINLocked, PINLengthInvalid, PINInvalid, PINExpired, PINNotInitialized:
	default:
		return err
	}
	e.Serial = serial
	if _, info, err := m.find(serial); err == nil {
		pin := pinOf(info)
		e.PIN = &pin
	}
	return e
}

// as runs f in the session that is logged in to a token.
func (m *Module) as(serial string, f func(session) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.logins[serial]
	if !ok {
		return Refuse(NotLoggedIn, "nobody is logged in to %q", serial)
	}
	if _, _, err := m.find(serial); err != nil {
		if has(err, DeviceNotFound) {
			m.drop(serial)
		}
		return err
	}
	return m.judge(serial, f(session{m.ctx, h}))
}

// reading runs f in a session of its own, without a login of its own.
func (m *Module) reading(serial string, f func(session) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	slot, _, err := m.find(serial)
	if err != nil {
		return err
	}
	h, err := m.ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return m.judge(serial, failed("C_OpenSession", err))
	}
	err = f(session{m.ctx, h})
	_ = m.ctx.CloseSession(h)
	return m.judge(serial, err)
}

// judge looks where the token is after an error that may come from its removal:
// libraries report that in many ways. A login that died is forgotten.
func (m *Module) judge(serial string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	switch e.Code {
	case DeviceError, DeviceNotFound, NotLoggedIn:
	default:
		return err
	}
	_, _, missing := m.find(serial)
	if has(missing, DeviceNotFound) {
		e.Code = DeviceNotFound
	}
	if e.Code == DeviceNotFound || e.Code == NotLoggedIn {
		if _, held := m.logins[serial]; !held && e.Code == NotLoggedIn {
			e.Code = DeviceNotFound // out and in again, in the middle of a call
		}
		m.drop(serial)
	}
	return e
}

// drop ends a login; the token may be gone.
func (m *Module) drop(serial string) {
	h, ok := m.logins[serial]
	if !ok {
		return
	}
	delete(m.logins, serial)
	_ = m.ctx.Logout(h)
	_ = m.ctx.CloseSession(h)
}
