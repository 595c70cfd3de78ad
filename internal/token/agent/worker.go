package agent

import (
	"bufio"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// Work is the worker: it loads a library, and does what it reads until the input
// ends. It returns then even if a call hangs, so that no worker outlives its
// server. An error means that the library did not load, or that nobody listens.
func Work(library string, in io.Reader, out io.Writer) error {
	reports := json.NewEncoder(out)
	module, err := pkcs11.Open(library)
	if err != nil {
		_ = reports.Encode(report{Worker: workerMark, Error: coded(err)})
		return err
	}
	about, err := module.Library()
	if err := reports.Encode(reply(0, about, err)); err != nil {
		return err
	}
	orders := make(chan order)
	go func() {
		defer close(orders)
		lines := bufio.NewScanner(in)
		lines.Buffer(make([]byte, 0, 64<<10), maxLine)
		for lines.Scan() {
			var o order
			if json.Unmarshal(lines.Bytes(), &o) != nil {
				return
			}
			orders <- o
		}
	}()
	for o := range orders {
		done := make(chan report, 1)
		go func() {
			result, err := perform(module, o)
			done <- reply(o.ID, result, err)
		}()
		select {
		case r := <-done:
			if err := reports.Encode(r); err != nil {
				return err
			}
		case <-orders: // the server is gone, or does not wait for its answer
			return errors.New("the server went away in the middle of a call")
		}
	}
	module.Close()
	return nil
}

func reply(id uint64, result any, err error) report {
	r := report{ID: id, Worker: workerMark}
	if err != nil {
		r.Error = coded(err)
		return r
	}
	if r.Result, err = json.Marshal(result); err != nil {
		r.Error = coded(err)
	}
	return r
}

func coded(err error) *pkcs11.Error {
	if e, ok := errors.AsType[*pkcs11.Error](err); ok {
		return e
	}
	return pkcs11.Refuse(pkcs11.DeviceError, "%v", err)
}

func perform(m *pkcs11.Module, o order) (any, error) {
	switch o.Verb {
	case doDevices:
		return m.Devices()
	case doCertificates:
		return m.Certificates(o.Serial)
	case doLogin:
		return m.Login(o.Serial, o.PIN)
	case doLogout:
		m.Logout(o.Serial)
		return nil, nil
	case doChangePIN:
		return nil, m.ChangePIN(o.Serial, o.PIN, o.NewPIN)
	case doGenerateKey:
		return m.GenerateKey(o.Serial, o.Algorithm, o.Label)
	case doRequest:
		return m.Request(o.Serial, o.KeyID, o.Bytes)
	case doImport:
		return m.ImportCertificate(o.Serial, o.Bytes, o.Label)
	case doOrphans:
		return m.Orphans(o.Serial)
	case doDeleteKey:
		return m.DeleteKey(o.Serial, o.KeyID)
	case doDeleteCertificate:
		return nil, m.DeleteCertificate(o.Serial, o.Certificate)
	case doSign:
		return sign(m, o)
	}
	return nil, fmt.Errorf("a worker cannot %q", o.Verb)
}

// sign signs an envelope and, even if the server were to ask, nothing else.
func sign(m *pkcs11.Module, o order) (cms []byte, err error) {
	if _, _, err := token.ReadEnvelope(o.Bytes); err != nil {
		return nil, pkcs11.Refuse(EnvelopeRefused, "%v", err)
	}
	err = m.Sign(o.Serial, o.Certificate, func(cert *x509.Certificate, key crypto.Signer) (err error) {
		cms, err = token.Sign(o.Bytes, cert, key, time.Now())
		return err
	})
	return cms, err
}
