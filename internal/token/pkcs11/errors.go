package pkcs11

import (
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"
)

// Code says what went wrong with a token, in words that a program can compare.
// A code that the Rutoken Plugin has too means the same there.
type Code string

// The codes; docs/agent.md has their meaning.
const (
	PINIncorrect        Code = "PIN_INCORRECT"
	PINLocked           Code = "PIN_LOCKED"
	PINLengthInvalid    Code = "PIN_LENGTH_INVALID"
	PINInvalid          Code = "PIN_INVALID"
	PINExpired          Code = "PIN_EXPIRED"
	PINNotInitialized   Code = "USER_PIN_NOT_INITIALIZED"
	DeviceNotFound      Code = "DEVICE_NOT_FOUND"
	DeviceError         Code = "DEVICE_ERROR"
	NotLoggedIn         Code = "USER_NOT_LOGGED_IN"
	KeyNotFound         Code = "KEY_NOT_FOUND"
	KeyInUse            Code = "KEY_IN_USE"
	CertificateNotFound Code = "CERTIFICATE_NOT_FOUND"
	CertificateExists   Code = "CERTIFICATE_EXISTS"
	Unsupported         Code = "UNSUPPORTED_BY_TOKEN"
	NotEnoughMemory     Code = "NOT_ENOUGH_MEMORY"
	BadParams           Code = "BAD_PARAMS"
	LoadFailed          Code = "PKCS11_LOAD_FAILED"
)

// Error is a failure with a code. Detail is for a log, in English, and holds no
// PIN-code.
type Error struct {
	Code   Code   `json:"code"`
	Detail string `json:"detail,omitempty"`
	// Serial and PIN tell about the token after an error that is about its
	// PIN-code, if it could be asked.
	Serial string `json:"serial,omitempty"`
	PIN    *PIN   `json:"pin,omitempty"`
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Detail
}

// Is compares codes.
func (e *Error) Is(target error) bool {
	t, ok := errors.AsType[*Error](target)
	return ok && t.Code == e.Code && t.Detail == ""
}

// Refuse makes an Error; the detail is formatted.
func Refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// codes is the only place that knows CKR_ values; what is not here is
// DeviceError.
var codes = map[pkcs11.Error]Code{
	pkcs11.CKR_PIN_INCORRECT:            PINIncorrect,
	pkcs11.CKR_PIN_INVALID:              PINInvalid,
	pkcs11.CKR_PIN_LEN_RANGE:            PINLengthInvalid,
	pkcs11.CKR_PIN_LOCKED:               PINLocked,
	pkcs11.CKR_PIN_EXPIRED:              PINExpired,
	pkcs11.CKR_USER_PIN_NOT_INITIALIZED: PINNotInitialized,

	pkcs11.CKR_DEVICE_REMOVED:       DeviceNotFound,
	pkcs11.CKR_TOKEN_NOT_PRESENT:    DeviceNotFound,
	pkcs11.CKR_TOKEN_NOT_RECOGNIZED: DeviceNotFound,
	pkcs11.CKR_SLOT_ID_INVALID:      DeviceNotFound,

	pkcs11.CKR_SESSION_HANDLE_INVALID: NotLoggedIn,
	pkcs11.CKR_SESSION_CLOSED:         NotLoggedIn,
	pkcs11.CKR_USER_NOT_LOGGED_IN:     NotLoggedIn,

	pkcs11.CKR_MECHANISM_INVALID:       Unsupported,
	pkcs11.CKR_MECHANISM_PARAM_INVALID: Unsupported,
	pkcs11.CKR_KEY_SIZE_RANGE:          Unsupported,
	pkcs11.CKR_DOMAIN_PARAMS_INVALID:   Unsupported,
	pkcs11.CKR_FUNCTION_NOT_SUPPORTED:  Unsupported,
	pkcs11.CKR_TOKEN_WRITE_PROTECTED:   Unsupported,

	pkcs11.CKR_ATTRIBUTE_TYPE_INVALID: Unsupported,
	pkcs11.CKR_ATTRIBUTE_SENSITIVE:    Unsupported,

	pkcs11.CKR_DEVICE_MEMORY: NotEnoughMemory,
}

// failed gives an error of the library its code.
func failed(call string, err error) error {
	if err == nil {
		return nil
	}
	rv, ok := errors.AsType[pkcs11.Error](err)
	if !ok {
		return Refuse(DeviceError, "%s: %v", call, err)
	}
	code, ok := codes[rv]
	if !ok {
		code = DeviceError
	}
	return Refuse(code, "%s: %v", call, err)
}

func has(err error, code Code) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}
