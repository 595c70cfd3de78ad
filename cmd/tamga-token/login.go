package main

import (
	"context"
	"slices"
	"strings"

	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/internal/token/agent"
	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// Login logs in to the server with a token, as the login page does.
type Login struct {
	Library
	Language
	Address
	Device  string `placeholder:"SERIAL" help:"Serial number of the token. Empty: the only one, or you are asked."`
	Cookies string `placeholder:"FILE" help:"Keep the session in this file, for enroll and for curl -b. Empty: this only tries whether login works."`
}

// Run logs in.
func (l *Login) Run(ctx context.Context, c *Console) error {
	w, err := newWork(c, l.Library, l.Language, l.Address)
	if err != nil {
		return err
	}
	defer w.library.Close()
	return w.told(w.login(ctx, l))
}

// work is a conversation with a person, a server and tokens.
type work struct {
	*talk
	library *agent.Library
	server  *server
}

func newWork(c *Console, l Library, language Language, a Address) (*work, error) {
	t, err := newTalk(c, language, l.path())
	if err != nil {
		return nil, err
	}
	s, err := a.open(t.language)
	if err != nil {
		return nil, err
	}
	library, err := l.open(c)
	if err != nil {
		return nil, err
	}
	return &work{t, library, s}, nil
}

func (w *work) login(ctx context.Context, l *Login) error {
	in, err := w.enter(ctx, "ask.device", l.Device)
	if err != nil {
		return err
	}
	w.say("login.done", "name", in.Name)
	w.say("login.next", "url", w.server.origin()+in.Next)
	if l.Cookies != "" {
		if err := w.server.keep(l.Cookies); err != nil {
			return err
		}
		w.say("login.kept", "file", l.Cookies)
	}
	return nil
}

// entered is a login that succeeded.
type entered struct {
	Next   string `json:"next"`
	Name   string `json:"name"`
	serial string
}

// enter logs in: token, certificate, PIN-code, signature. title asks for the
// token where it is not given.
func (w *work) enter(ctx context.Context, title, serial string) (*entered, error) {
	if err := w.server.visit(ctx); err != nil {
		return nil, err
	}
	if _, err := w.challenge(ctx); err != nil { // before a PIN-code is typed in vain
		return nil, err
	}
	device, err := w.device(title, serial, nil)
	if err != nil {
		return nil, err
	}
	certificate, err := w.certificate(ctx, device.Serial)
	if err != nil {
		return nil, err
	}
	if _, err := w.unlock(device, false); err != nil {
		return nil, err
	}
	defer func() { _ = w.library.Logout(device.Serial) }()
	w.say("login.doing")
	challenge, err := w.challenge(ctx)
	if err != nil {
		return nil, err
	}
	envelope, err := token.Envelope{Type: token.Login, Origin: w.server.origin()}.Bytes(challenge)
	if err != nil {
		return nil, pkcs11.Refuse(agent.EnvelopeRefused, "%v", err)
	}
	cms, err := w.library.Sign(device.Serial, certificate.ID, envelope)
	if err != nil {
		return nil, err
	}
	in := &entered{serial: device.Serial}
	return in, w.server.post(ctx, "/login/token", map[string]any{"challenge": challenge, "cms": cms, "next": ""}, in)
}

// challenge asks for one, and makes sure that it is the server we think it is.
func (w *work) challenge(ctx context.Context) (string, error) {
	var q struct {
		Origin    string `json:"origin"`
		Challenge string `json:"challenge"`
	}
	if err := w.server.post(ctx, "/login/token/challenge", struct{}{}, &q); err != nil {
		return "", err
	}
	if q.Origin != w.server.origin() {
		return "", saying("server.other", "url", w.server.origin(), "real", q.Origin)
	}
	return q.Challenge, nil
}

// device chooses a token that is plugged in, by its serial number or by asking;
// without leaves some out.
func (w *work) device(title, serial string, without []string) (pkcs11.Device, error) {
	all, err := w.library.Devices()
	if err != nil {
		return pkcs11.Device{}, err
	}
	var devices []pkcs11.Device
	var names []string
	for _, d := range all {
		if slices.Contains(without, strings.ToLower(d.Serial)) || serial != "" && !strings.EqualFold(d.Serial, serial) {
			continue
		}
		devices = append(devices, d)
		names = append(names, w.name(d))
	}
	switch {
	case len(devices) > 0:
	case serial != "":
		return pkcs11.Device{}, pkcs11.Refuse(pkcs11.DeviceNotFound, "%s", serial)
	default:
		return pkcs11.Device{}, saying("devices.none")
	}
	i, err := w.choose(title, names)
	if err != nil {
		return pkcs11.Device{}, err
	}
	if len(devices) == 1 {
		w.print(names[0])
	}
	return devices[i], nil
}

// certificate has the server say which certificates of a token are good for a
// login, and chooses among them.
func (w *work) certificate(ctx context.Context, serial string) (pkcs11.Certificate, error) {
	all, err := w.library.Certificates(serial)
	if err != nil {
		return pkcs11.Certificate{}, err
	}
	ders := make([][]byte, len(all))
	for i, c := range all {
		ders[i] = c.DER
	}
	var judged struct {
		Certificates []struct {
			Index                            int
			Usable                           bool
			Holder, Organisation, Until, Why string
		} `json:"certificates"`
		Choose int `json:"choose"`
	}
	if len(ders) > 0 {
		if err := w.server.post(ctx, "/login/token/certificates", map[string]any{"certificates": ders}, &judged); err != nil {
			return pkcs11.Certificate{}, err
		}
	}
	var names []string
	var usable []int
	for _, j := range judged.Certificates {
		if j.Usable && j.Index >= 0 && j.Index < len(all) {
			usable = append(usable, j.Index)
			names = append(names, strings.Join([]string{j.Holder, j.Organisation, j.Until}, " · "))
		}
	}
	if len(usable) == 0 {
		for _, j := range judged.Certificates {
			w.say("login.refused", "holder", j.Holder, "why", j.Why)
		}
		return pkcs11.Certificate{}, saying("login.no_certificate")
	}
	if slices.Contains(usable, judged.Choose) {
		return all[judged.Choose], nil
	}
	i, err := w.choose("ask.certificate", names)
	if err != nil {
		return pkcs11.Certificate{}, err
	}
	return all[usable[i]], nil
}

// unlock asks for the PIN-code until the token takes it, and returns it no
// further than to the change of the factory's. Each try is the person's own.
func (w *work) unlock(device pkcs11.Device, change bool) (factory bool, err error) {
	state := device.PIN
	for {
		if state.State == pkcs11.PINFinal {
			w.say("last_try")
		}
		pin, err := w.secret("ask.pin", "serial", device.Serial)
		if err != nil {
			return false, err
		}
		factory, err = w.library.Login(device.Serial, pin)
		if factory && err == nil && change {
			return true, w.renew(device.Serial, pin)
		}
		if err == nil {
			if factory {
				w.say("devices.factory")
			}
			return factory, nil
		}
		if !is(err, pkcs11.PINIncorrect, pkcs11.PINLengthInvalid) {
			return false, err
		}
		w.print(w.sentence(err))
		if now := stateOf(err); now != nil {
			state = *now
		}
	}
}

func stateOf(err error) *pkcs11.PIN {
	if e, ok := asError(err); ok {
		return e.PIN
	}
	return nil
}

// renew insists on another PIN-code in place of the factory's, and logs in with
// it.
func (w *work) renew(serial, pin string) error {
	w.say("factory")
	for {
		fresh, err := w.secret("ask.pin_new")
		if err != nil {
			return err
		}
		again, err := w.secret("ask.pin_again")
		if err != nil {
			return err
		}
		if fresh != again {
			w.say("ask.pins_differ")
			continue
		}
		err = w.library.ChangePIN(serial, pin, fresh)
		if is(err, pkcs11.PINInvalid, pkcs11.PINLengthInvalid) {
			w.print(w.sentence(err))
			continue
		}
		if err != nil {
			return err
		}
		w.say("pin_changed")
		_, err = w.library.Login(serial, fresh)
		return err
	}
}
