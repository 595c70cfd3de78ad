package ca

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/authority/provisioner"
	"github.com/smallstep/certificates/db"
	"go.step.sm/crypto/jose"
)

// provisionerName is the issuer of our tokens.
const provisionerName = "tamga"

// Database names step-ca's own database, which is never ours.
type Database struct {
	Type       string // "bbolt" or "postgresql"
	DataSource string // a file, or a DSN
}

// BoltDatabase is one file.
func BoltDatabase(file string) Database { return Database{"bbolt", file} }

// PostgresDatabase takes a DSN as a URL and adds the isolation level without
// which step-ca's single-use tokens can be used several times at once. A DSN
// that names another level than repeatable read or serializable is refused.
func PostgresDatabase(dsn string) (Database, error) {
	u, err := url.Parse(dsn)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return Database{}, errors.New("step-ca's database must be a URL postgres://…")
	}
	const setting = "default_transaction_isolation"
	q := u.Query()
	switch level := strings.ToLower(q.Get(setting)); level {
	case "":
		q.Set(setting, "repeatable read")
	case "repeatable read", "serializable":
	default:
		return Database{}, fmt.Errorf("step-ca's database: %s must be repeatable read or serializable, not %s", setting, level)
	}
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return Database{"postgresql", u.String()}, nil
}

// ConfigOptions describe a step-ca, ours or the stock binary. Paths are written
// as the step-ca that reads them sees them; ProvisionerKey is read here, and
// only its public half is written.
type ConfigOptions struct {
	RootCertificate    string
	IssuingCertificate string
	IssuingKey         string
	ProvisionerKey     string
	// Address is host:port to listen on; DNSNames what clients call it by.
	Address  string
	DNSNames []string
	// CRL has step-ca keep a list of its own (https, /1.0/crl), for an
	// installation whose issuing key only step-ca has. CRLAddress, if set, is
	// host:port on which it publishes that in the clear as well (http, /crl).
	CRL        bool
	CRLAddress string
	Database   Database
	Profile    Profile
}

// WriteConfig writes a ca.json (0600: it may contain a DSN) that runs the stock
// step-ca with the same template and limits as the embedded one.
func WriteConfig(file string, o ConfigOptions) error {
	cfg, err := o.config()
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(file), err)
	}
	b, err := json.MarshalIndent(cfg, "", "\t")
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(file), err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".ca-*.json") // mode 0600
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(file), err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(append(b, '\n'))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(file), err)
	}
	return os.Rename(tmp.Name(), file)
}

func (o ConfigOptions) config() (*config.Config, error) {
	if err := o.Profile.Check(); err != nil {
		return nil, err
	}
	jwk, err := readProvisioner(o.ProvisionerKey)
	if err != nil {
		return nil, err
	}
	public := jwk.Public()
	yes, no := true, false
	cfg := &config.Config{
		Root:             []string{o.RootCertificate},
		IntermediateCert: o.IssuingCertificate,
		IntermediateKey:  o.IssuingKey,
		Address:          o.Address,
		DNSNames:         o.DNSNames,
		CommonName:       "Tamga step-ca",
		DB:               &db.Config{Type: o.Database.Type, DataSource: o.Database.DataSource},
		AuthorityConfig: &config.AuthConfig{
			// The private half is not here, not even encrypted: step-ca shows
			// it to everybody (GET /provisioners).
			Provisioners: provisioner.List{&provisioner.JWK{
				Type: "JWK", Name: provisionerName, Key: &public,
				Claims: &provisioner.Claims{
					MinTLSDur:                  duration(minValidity),
					MaxTLSDur:                  duration(MaxValidity),
					DefaultTLSDur:              duration(minValidity),
					DisableRenewal:             &yes,
					DisableSmallstepExtensions: &yes,
					EnableSSHCA:                &no,
				},
				Options: &provisioner.Options{X509: &provisioner.X509Options{Template: o.Profile.template()}},
			}, &provisioner.JWK{
				Type: "JWK", Name: ocspProvisioner, Key: &public,
				Claims: &provisioner.Claims{
					MinTLSDur:                  duration(minValidity),
					MaxTLSDur:                  duration(MaxOCSPSigner),
					DefaultTLSDur:              duration(minValidity),
					DisableRenewal:             &yes,
					DisableSmallstepExtensions: &yes,
					EnableSSHCA:                &no,
				},
				Options: &provisioner.Options{X509: &provisioner.X509Options{Template: ocspTemplate}},
			}},
			Backdate: duration(0),
		},
	}
	if o.CRL || o.CRLAddress != "" {
		cfg.InsecureAddress = o.CRLAddress
		cfg.CRL = &config.CRLConfig{
			Enabled: true, GenerateOnRevoke: true, CacheDuration: duration(24 * time.Hour), RenewPeriod: duration(time.Hour),
			IDPurl: o.Profile.CRL, // else openssl answers "different CRL scope"
		}
	}
	return cfg, nil
}

func duration(d time.Duration) *provisioner.Duration { return &provisioner.Duration{Duration: d} }

// readProvisioner reads the private JWK that signs our tokens.
func readProvisioner(file string) (*jose.JSONWebKey, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the provisioner's key: %w", err)
	}
	jwk := new(jose.JSONWebKey)
	if err := json.Unmarshal(b, jwk); err != nil || jwk.IsPublic() || !jwk.Valid() {
		return nil, errors.New("reading the provisioner's key: not a private JSON Web Key")
	}
	if jwk.KeyID == "" {
		if jwk.KeyID, err = jose.Thumbprint(jwk); err != nil {
			return nil, fmt.Errorf("reading the provisioner's key: %w", err)
		}
	}
	return jwk, nil
}
