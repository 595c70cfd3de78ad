package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/commandline"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/internal/token/agent"
	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// Enroll gets a certificate onto a client's token, as the page at the desk does:
// device, key, request, certificate, writing, trial, receipt. It may be ended at
// any moment and run again.
type Enroll struct {
	Library
	Language
	Address
	Enrolment int64  `arg:"" help:"Number of the enrolment, as in the address of its page: /enrolments/NUMBER/token."`
	Device    string `placeholder:"SERIAL" help:"Serial number of the client's token. Empty: the only one that is no employee's, or you are asked."`
	Clerk     string `placeholder:"SERIAL" help:"Serial number of your own token, to log in with. Empty: you are asked."`
	Operator  string `placeholder:"NUMBER" help:"Your personal number, to log in with your own key in the E-Cloud instead of with your own token."`
	Cookies   string `placeholder:"FILE" help:"Session that login kept in this file, instead of logging in with your own token."`
	Paper     string `placeholder:"FILE" help:"Write the hand-over paper (PDF) with a fresh emergency code into this file."`
}

// deskState is what the server says about an enrolment onto a token.
type deskState struct {
	Step        string
	Why         string
	Algorithms  []pkcs11.Algorithm
	Key         *struct{ Token, Marker, KeyID, Algorithm string }
	Certificate *struct{ DER []byte }
	Clerk       []string
	Remove      struct{ Markers, Certificates []string }
	Challenge   string
	Envelope    []byte
	Text        string
}

// poll is how often the server is asked whether a certificate is issued.
const poll = 700 * time.Millisecond

// Run enrols.
func (e *Enroll) Run(ctx context.Context, c *Console) error {
	w, err := newWork(c, e.Library, e.Language, e.Address)
	if err != nil {
		return err
	}
	defer w.library.Close()
	d := &desk{work: w, command: e}
	err = d.session(ctx)
	if err == nil {
		err = d.run(ctx)
	}
	if err != nil {
		_ = w.told(err)
		if d.state != nil {
			w.say("enrol.kept")
		}
		return commandline.Status(1)
	}
	return d.paper(ctx)
}

// desk is one enrolment.
type desk struct {
	*work
	command *Enroll
	clerk   string // serial number of the token that was logged in with
	state   *deskState
}

// session is the clerk's.
func (d *desk) session(ctx context.Context) error {
	if d.command.Cookies != "" {
		return d.server.take(d.command.Cookies)
	}
	if d.command.Operator != "" {
		return d.enterCloud(ctx, d.command.Operator)
	}
	d.say("enrol.clerk")
	in, err := d.enter(ctx, "ask.device_clerk", d.command.Clerk)
	if err != nil {
		return err
	}
	d.clerk = strings.ToLower(in.serial)
	d.say("login.done", "name", in.Name)
	return nil
}

func (d *desk) path(call string) string {
	return fmt.Sprintf("/enrolments/%d/token%s", d.command.Enrolment, call)
}

func (d *desk) look(ctx context.Context) error {
	s := &deskState{}
	if err := d.server.call(ctx, http.MethodGet, d.path(""), nil, s); err != nil {
		return err
	}
	d.state = s
	return nil
}

func (d *desk) post(ctx context.Context, call string, in any) error {
	s := &deskState{}
	if err := d.server.post(ctx, d.path(call), in, s); err != nil {
		return err
	}
	d.state = s
	return nil
}

// run works until the token is handed over. A token that is pulled out is waited
// for.
func (d *desk) run(ctx context.Context) error {
	if err := d.look(ctx); err != nil {
		return err
	}
	d.say("enrol.state", "step", d.text("step."+d.state.Step))
	if d.state.Step == "done" {
		d.say("enrol.already")
		return nil
	}
	for {
		if d.state.Step == "stopped" {
			return saying("enrol.stopped", "why", d.state.Why)
		}
		err := d.once(ctx)
		if err == nil {
			d.say("enrol.done")
			return nil
		}
		again := is(err, pkcs11.DeviceNotFound, pkcs11.NotLoggedIn, agent.LibraryHung, agent.LibraryCrashed)
		if s, ok := errors.AsType[*said](err); ok && (s.key == "enrol.no_client" || s.key == "enrol.other_device") {
			again = true
		}
		if !again {
			return err
		}
		d.print(d.sentence(err))
		if _, err := d.ask("ask.plug_in"); err != nil {
			return err
		}
		if err := d.look(ctx); err != nil {
			return err
		}
	}
}

// once goes as far as the token's login lasts.
func (d *desk) once(ctx context.Context) error {
	device, err := d.client(ctx)
	if err != nil {
		return err
	}
	if _, err := d.unlock(device, true); err != nil {
		return err
	}
	defer func() { _ = d.library.Logout(device.Serial) }()
	if err := d.clean(ctx, device.Serial); err != nil {
		return err
	}
	for {
		var err error
		switch d.state.Step {
		case "device", "key":
			err = d.key(ctx, device)
		case "issue":
			err = d.issue(ctx)
		case "write":
			err = d.write(ctx, device.Serial)
		case "prove":
			d.say("enrol.prove")
			err = d.sign(ctx, device.Serial, "prove", "/prove")
		case "receive":
			err = d.receive(ctx, device.Serial)
		case "done":
			return nil
		default:
			return saying("enrol.stopped", "why", d.state.Why)
		}
		if err != nil {
			return err
		}
	}
}

// client chooses the client's token, never an employee's nor another than the key
// is on, and has the server judge it (DT-14).
func (d *desk) client(ctx context.Context) (pkcs11.Device, error) {
	wanted := d.command.Device
	made := d.state.Key != nil && d.state.Step != "device" && d.state.Step != "key"
	if made {
		wanted = d.state.Key.Token
	}
	var without []string
	if wanted == "" { // one that was named is for the server to judge
		without = append(slices.Clone(d.state.Clerk), d.clerk)
	}
	device, err := d.device("ask.device_client", wanted, without)
	switch {
	case err != nil && made && is(err, pkcs11.DeviceNotFound):
		return device, saying("enrol.other_device", "serial", wanted)
	case err != nil && wanted == "":
		if _, nobody := errors.AsType[*said](err); nobody {
			return device, saying("enrol.no_client")
		}
		return device, err
	case err != nil:
		return device, err
	}
	certificates, err := d.library.Certificates(device.Serial)
	if err != nil {
		return device, err
	}
	ders := [][]byte{}
	for _, c := range certificates {
		ders = append(ders, c.DER)
	}
	return device, d.post(ctx, "/device", map[string]any{
		"device": map[string]any{
			"serial": device.Serial, "label": device.Label, "model": device.Model, "release": device.Release,
			"hardware": device.HardwareVersion, "firmware": device.FirmwareVersion, "algorithms": device.Algorithms,
			"freeMemory": device.FreeMemory, "totalMemory": device.TotalMemory,
		},
		"certificates": ders,
	})
}

// clean removes what is ours and was given up; nothing else is touched.
func (d *desk) clean(ctx context.Context, serial string) error {
	remove := d.state.Remove
	if len(remove.Markers) == 0 {
		return nil
	}
	d.say("enrol.remove")
	certificates, err := d.library.Certificates(serial)
	if err != nil {
		return err
	}
	for _, c := range certificates {
		sum := sha256.Sum256(c.DER)
		if slices.Contains(remove.Certificates, hex.EncodeToString(sum[:])) {
			if err := d.library.DeleteCertificate(serial, c.ID); err != nil {
				return err
			}
		}
	}
	orphans, err := d.library.Orphans(serial)
	if err != nil {
		return err
	}
	for _, k := range orphans.Keys {
		if slices.Contains(remove.Markers, k.Label) {
			if err := d.library.DeleteKey(serial, k.ID); err != nil {
				return err
			}
		}
	}
	return d.post(ctx, "/removed", map[string]any{"serial": serial, "markers": remove.Markers})
}

// key has the token make the key; one that was made and not reported is found by
// its label.
func (d *desk) key(ctx context.Context, device pkcs11.Device) error {
	d.say("enrol.key")
	algorithm := pkcs11.Algorithm("")
	for _, a := range d.state.Algorithms {
		if slices.Contains(device.Algorithms, a) {
			algorithm = a
			break
		}
	}
	if err := d.post(ctx, "/key", map[string]any{"serial": device.Serial, "algorithm": algorithm}); err != nil {
		return err
	}
	if d.state.Key == nil {
		return saying("server.strange", "url", d.server.origin()+d.path("/key"), "status", http.StatusOK)
	}
	label := d.state.Key.Marker
	orphans, err := d.library.Orphans(device.Serial)
	if err != nil {
		return err
	}
	var id string
	for _, k := range orphans.Keys {
		switch {
		case k.Label != label:
		case id == "" && k.Private && k.Public:
			id = k.ID
		default:
			if err := d.library.DeleteKey(device.Serial, k.ID); err != nil {
				return err
			}
		}
	}
	if id == "" {
		k, err := d.library.GenerateKey(device.Serial, pkcs11.Algorithm(d.state.Key.Algorithm), label)
		if err != nil {
			return err
		}
		id = k.ID
	}
	csr, err := d.library.Request(device.Serial, id)
	if err != nil {
		return err
	}
	return d.post(ctx, "/csr", map[string]any{"marker": label, "keyId": id, "csr": csr})
}

func (d *desk) issue(ctx context.Context) error {
	d.say("enrol.issue")
	for why := ""; d.state.Step == "issue"; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(poll):
		}
		if err := d.look(ctx); err != nil {
			return err
		}
		if d.state.Why != "" && d.state.Why != why {
			why = d.state.Why
			d.print(why)
		}
	}
	return nil
}

func (d *desk) write(ctx context.Context, serial string) error {
	if d.state.Certificate == nil {
		return saying("server.strange", "url", d.server.origin()+d.path(""), "status", http.StatusOK)
	}
	want := d.state.Certificate.DER
	d.say("enrol.write")
	label := ""
	if d.state.Key != nil {
		label = d.state.Key.Marker
	}
	if _, err := d.library.ImportCertificate(serial, want, label); err != nil && !is(err, pkcs11.CertificateExists) {
		return err
	}
	d.say("enrol.back")
	back, err := d.onToken(serial, want)
	if err != nil {
		return err
	}
	return d.post(ctx, "/written", map[string]any{"serial": serial, "certificate": back.DER})
}

func (d *desk) onToken(serial string, der []byte) (pkcs11.Certificate, error) {
	all, err := d.library.Certificates(serial)
	if err != nil {
		return pkcs11.Certificate{}, err
	}
	i := slices.IndexFunc(all, func(c pkcs11.Certificate) bool { return bytes.Equal(c.DER, der) })
	if i < 0 {
		return pkcs11.Certificate{}, pkcs11.Refuse(pkcs11.CertificateNotFound, "the certificate is not on the token")
	}
	return all[i], nil
}

// receive shows the holder what is signed, and signs it only then.
func (d *desk) receive(ctx context.Context, serial string) error {
	if err := d.question(ctx, "receive"); err != nil {
		return err
	}
	d.say("enrol.receipt")
	for line := range strings.SplitSeq(d.state.Text, "\n") {
		d.print("  " + line)
	}
	answer, err := d.ask("ask.sign")
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(answer), d.text("ask.yes")) {
		return saying("ask.refused")
	}
	d.say("enrol.receive")
	return d.sign(ctx, serial, "receive", "/receive")
}

func (d *desk) question(ctx context.Context, action string) error {
	return d.post(ctx, "/ask", map[string]any{"action": action})
}

// sign asks for an envelope, or for a fresh one with the text that was shown,
// signs it if it is this server's, and sends it.
func (d *desk) sign(ctx context.Context, serial, action, call string) error {
	shown := d.state.Text
	if err := d.question(ctx, action); err != nil {
		return err
	}
	e, _, err := token.ReadEnvelope(d.state.Envelope)
	if err != nil || e.Type != token.Handover || e.Origin != d.server.origin() || e.Text != d.state.Text || action == "receive" && e.Text != shown {
		return pkcs11.Refuse(agent.EnvelopeRefused, "not a hand-over of this server")
	}
	if d.state.Certificate == nil {
		return pkcs11.Refuse(pkcs11.CertificateNotFound, "the server names no certificate")
	}
	mine, err := d.onToken(serial, d.state.Certificate.DER)
	if err != nil {
		return err
	}
	cms, err := d.library.Sign(serial, mine.ID, d.state.Envelope)
	if err != nil {
		return err
	}
	return d.post(ctx, call, map[string]any{"challenge": d.state.Challenge, "cms": cms})
}

// paper writes what the holder takes home.
func (d *desk) paper(ctx context.Context) error {
	if d.command.Paper == "" {
		return nil
	}
	path := fmt.Sprintf("/enrolments/%d/paper", d.command.Enrolment)
	res, err := d.server.send(ctx, http.MethodPost, path, url.Values{"csrf": {d.server.csrf()}})
	if err != nil {
		return d.told(err)
	}
	defer func() { _ = res.Body.Close() }()
	pdf, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil || res.StatusCode != http.StatusOK || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		return d.told(saying("server.strange", "url", d.server.origin()+path, "status", res.StatusCode))
	}
	if err := os.WriteFile(d.command.Paper, pdf, 0o600); err != nil {
		return err
	}
	d.say("enrol.paper", "file", d.command.Paper)
	return nil
}
