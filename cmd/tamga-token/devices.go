package main

import (
	"crypto/x509"
	"encoding/json"
	"strings"

	"github.com/tamga-ca/tamga/internal/commandline"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/internal/token/agent"
	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// Devices lists the tokens that are plugged in, and what is on them. It needs no
// PIN-code.
type Devices struct {
	Library
	Language
	JSON bool `name:"json" help:"For programs: the answer of the agent's calls devices and certificates."`
}

type described struct {
	pkcs11.Device
	Certificates []pkcs11.Certificate `json:"certificates"`
}

// Run lists them.
func (d *Devices) Run(c *Console) error {
	library, err := d.open(c)
	if err != nil {
		return err
	}
	defer library.Close()
	t, err := newTalk(c, d.Language, d.path())
	if err != nil {
		return err
	}
	list, err := describe(library)
	if err != nil {
		return t.told(err)
	}
	if d.JSON {
		e := json.NewEncoder(c.Out)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"devices": list})
	}
	if len(list) == 0 {
		t.say("devices.none")
		return commandline.Status(1)
	}
	for _, device := range list {
		t.show(device)
	}
	return nil
}

func describe(library *agent.Library) ([]described, error) {
	devices, err := library.Devices()
	if err != nil {
		return nil, err
	}
	out := []described{}
	for _, device := range devices {
		certificates, err := library.Certificates(device.Serial)
		if is(err, pkcs11.DeviceNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, described{device, certificates})
	}
	return out, nil
}

// name is a device in one line.
func (t *talk) name(d pkcs11.Device) string {
	label := d.Label
	if label == "" {
		label = t.text("devices.unnamed")
	}
	return t.text("devices.line", "serial", d.Serial, "label", label)
}

func (t *talk) show(d described) {
	item := func(key string, pairs ...any) { t.print("   " + t.text(key, pairs...)) }
	t.print(t.name(d.Device))
	item("devices.model", "model", d.Model)
	switch {
	case token.AtLeast2(d.Release):
		item("devices.release", "release", d.Release)
	case d.Release == "":
		item("devices.release_unknown")
	default:
		item("devices.too_old", "release", d.Release)
	}
	item("devices.reader", "reader", d.Reader)
	if d.FreeMemory != nil {
		item("devices.memory", "size", *d.FreeMemory>>10)
	}
	algorithms := make([]string, len(d.Algorithms))
	for i, a := range d.Algorithms {
		algorithms[i] = string(a)
	}
	item("devices.algorithms", "list", strings.Join(algorithms, ", "))
	item("devices.pin." + string(d.PIN.State))
	if d.PIN.Factory {
		item("devices.factory")
	}
	for _, c := range d.Certificates {
		line := t.text("devices.certificate", "holder", holder(c), "until", until(c))
		if !c.HasKey {
			line += " — " + t.text("devices.no_key")
		}
		t.print("   " + line)
	}
	if len(d.Certificates) == 0 {
		item("devices.no_certificates")
	}
}

func holder(c pkcs11.Certificate) string {
	parsed, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return c.Label
	}
	return parsed.Subject.CommonName
}

func until(c pkcs11.Certificate) string {
	parsed, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return ""
	}
	return parsed.NotAfter.Local().Format("02.01.2006 15:04:05")
}
