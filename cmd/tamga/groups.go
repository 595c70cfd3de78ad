package main

import (
	"io"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/store"
)

// Log says how the program talks about itself, on standard error. It never
// logs PIN-codes, personal data or the contents of documents.
type Log struct {
	Level  slog.Level `env:"TAMGA_LOG_LEVEL" default:"info" help:"Least important level that is logged: debug, info, warn or error."`
	Format string     `env:"TAMGA_LOG_FORMAT" default:"text" enum:"text,json" help:"Form of a log line: text or json."`
}

func (l Log) install(w io.Writer) {
	o := &slog.HandlerOptions{Level: l.Level}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if l.Format == "json" {
		h = slog.NewJSONHandler(w, o)
	}
	slog.SetDefault(slog.New(h))
}

// Data says where the server keeps its files.
type Data struct {
	DataDir string `env:"TAMGA_DATA_DIR" required:"" placeholder:"DIR" help:"Directory of what the server keeps: the SQLite database, encrypted documents, the embedded CA. Must exist."`
}

func (d Data) check() error { return checkDirectory("data-dir", d.DataDir) }

// Database says which database holds the records.
type Database struct {
	DB      string `env:"TAMGA_DB" placeholder:"DSN" help:"PostgreSQL DSN of the application's role (postgres://user@host/database?passfile=FILE). Empty: the SQLite file tamga.db in the data directory."`
	DBRead  string `env:"TAMGA_DB_READ" placeholder:"DSN" help:"PostgreSQL DSN of a read-only role, for reading and auditors' queries. Empty: the application's role."`
	DBConns int    `env:"TAMGA_DB_CONNS" default:"20" help:"Most connections to PostgreSQL at once, for each role."`
}

func (d Database) check() error {
	if d.DB != "" {
		if err := checkPostgres("db", d.DB); err != nil {
			return err
		}
	}
	if d.DBRead != "" {
		if d.DB == "" {
			return wrong("db-read", "a read-only role needs PostgreSQL: set %s too", variable("db"))
		}
		if err := checkPostgres("db-read", d.DBRead); err != nil {
			return err
		}
	}
	if d.DBConns < 2 || d.DBConns > 1000 {
		return wrong("db-conns", "%d is not between 2 and 1000", d.DBConns)
	}
	return nil
}

func (d Database) config(dataDir string) store.Config {
	if d.DB == "" {
		return store.Config{DSN: sqliteFile(dataDir)}
	}
	return store.Config{DSN: d.DB, ReadDSN: d.DBRead, MaxConns: d.DBConns}
}

func sqliteFile(dataDir string) string { return filepath.Join(dataDir, "tamga.db") }

// Secrets says where the server's own keys are.
type Secrets struct {
	SecretsDir string `env:"TAMGA_SECRETS_DIR" required:"" placeholder:"DIR" help:"Directory of the server's own keys, mode 0700, outside the data directory: a backup must never hold both."`
}

func (s Secrets) check(dataDir string) error {
	if within(s.SecretsDir, dataDir) || within(dataDir, s.SecretsDir) {
		return wrong("secrets-dir", "%s and the data directory %s are inside each other: a backup of one would hold both", s.SecretsDir, dataDir)
	}
	return nil
}

// Authority says whose rules the installation follows.
type Authority struct {
	Authority string `env:"TAMGA_AUTHORITY" default:"dostek" placeholder:"NAME" help:"Rule pack of the authority: dostek, ubr, or the path of a pack of your own (.yaml)."`
}

func (a Authority) check() error {
	if slices.Contains(authorities.Names[:], a.Authority) {
		return nil
	}
	if !strings.ContainsAny(a.Authority, "/.") {
		return wrong("authority", "there is no pack %q: it is %s, or the path of a file", a.Authority, strings.Join(authorities.Names[:], ", "))
	}
	return checkFile("authority", a.Authority)
}

func (a Authority) load() (*authorities.Pack, error) {
	load := authorities.LoadFile
	if slices.Contains(authorities.Names[:], a.Authority) {
		load = authorities.Load
	}
	p, err := load(a.Authority)
	if err != nil {
		return nil, wrong("authority", "%v", err)
	}
	return p, nil
}

// Certification says which step-ca signs the certificates.
type Certification struct {
	CADir         string        `name:"ca-dir" env:"TAMGA_CA_DIR" placeholder:"DIR" help:"Directory of the CA's certificates and, embedded, of its configuration, encrypted key and database. Empty: ca in the data directory."`
	CAURL         string        `name:"ca-url" env:"TAMGA_CA_URL" placeholder:"URL" help:"Address of an external step-ca (https://host:port). Empty: the CA runs inside this process."`
	CABundle      string        `name:"ca-bundle" env:"TAMGA_CA_BUNDLE" placeholder:"FILE" help:"PEM file with the certificate that the external step-ca's HTTPS is trusted by. Empty: the root in the CA's directory."`
	CATimeout     time.Duration `name:"ca-timeout" env:"TAMGA_CA_TIMEOUT" default:"15s" help:"Longest wait for one answer of the CA."`
	CRLKMS        string        `name:"crl-kms" env:"TAMGA_CRL_KMS" placeholder:"URI" help:"The issuing key of an external step-ca, to sign the CRL with: a pkcs11: or softkms: URI (a token needs a program built with cgo). Empty: the embedded CA's own key; of an external CA, step-ca's own CRL, and no suspension."`
	OCSPKMS       string        `name:"ocsp-kms" env:"TAMGA_OCSP_KMS" placeholder:"URI" help:"Key that signs OCSP answers: a pkcs11: or softkms: URI. Empty: the one in the directory of secrets."`
	RepositoryURL string        `env:"TAMGA_REPOSITORY_URL" placeholder:"URL" help:"Address written into certificates, under which /crl, /ocsp and /ca are found (http://host): it cannot change without a new profile. Empty: the base URL."`
}

func (c Certification) check() error {
	if c.CAURL == "" {
		if c.CABundle != "" {
			return wrong("ca-bundle", "only an external step-ca needs it: set %s too, or leave both", variable("ca-url"))
		}
	} else if err := checkURL("ca-url", c.CAURL, "https"); err != nil {
		return err
	}
	if c.CRLKMS != "" && c.CAURL == "" {
		return wrong("crl-kms", "the embedded CA's key is at hand; this belongs to an external step-ca (%s)", variable("ca-url"))
	}
	if c.CADir != "" {
		if err := checkDirectory("ca-dir", c.CADir); err != nil {
			return err
		}
	}
	if c.CABundle != "" {
		if err := checkFile("ca-bundle", c.CABundle); err != nil {
			return err
		}
	}
	if c.RepositoryURL != "" {
		if err := checkURL("repository-url", c.RepositoryURL, "http", "https"); err != nil {
			return err
		}
	}
	return checkDuration("ca-timeout", c.CATimeout, time.Second, 2*time.Minute)
}

// Mail says how letters leave.
type Mail struct {
	SMTP             string `name:"smtp" env:"TAMGA_SMTP" placeholder:"HOST:PORT" help:"Mail server. Empty: letters stay in the outbox, and E-Cloud keys cannot be activated."`
	SMTPSecurity     string `name:"smtp-security" env:"TAMGA_SMTP_SECURITY" default:"starttls" enum:"starttls,tls,none" help:"How the mail server is spoken to: starttls, tls, or none (a server on this machine or network only)."`
	SMTPUser         string `name:"smtp-user" env:"TAMGA_SMTP_USER" placeholder:"NAME" help:"Name to log in to the mail server with. Empty: no login."`
	SMTPPasswordFile string `name:"smtp-password-file" env:"TAMGA_SMTP_PASSWORD_FILE" placeholder:"FILE" help:"File with the password for the mail server, one line."`
	MailFrom         string `env:"TAMGA_MAIL_FROM" placeholder:"ADDRESS" help:"Sender of letters, e.g. tamga@ca.example.kg."`
}

func (m Mail) check() error {
	if m.SMTP == "" {
		return nil
	}
	if host, port, err := net.SplitHostPort(m.SMTP); err != nil || host == "" || port == "" {
		return wrong("smtp", "%q is not host:port", m.SMTP)
	}
	if _, err := mail.ParseAddress(m.MailFrom); err != nil {
		return wrong("mail-from", "%q is not a mail address; letters need a sender", m.MailFrom)
	}
	if (m.SMTPUser == "") != (m.SMTPPasswordFile == "") {
		return wrong("smtp-user", "name and password file (%s) belong together", variable("smtp-password-file"))
	}
	if m.SMTPPasswordFile != "" {
		if m.SMTPSecurity == "none" {
			return wrong("smtp-security", "a password is not sent in the clear: use starttls or tls")
		}
		return checkFile("smtp-password-file", m.SMTPPasswordFile)
	}
	return nil
}

// Web says how people and machines reach the server.
type Web struct {
	Tokens         `embed:""`
	Listen         string        `env:"TAMGA_LISTEN" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address to listen on, host:port."`
	BaseURL        string        `env:"TAMGA_BASE_URL" required:"" placeholder:"URL" help:"Address that people's browsers see (https://host): the origin that logins and decisions are signed for."`
	TLSCert        string        `name:"tls-cert" env:"TAMGA_TLS_CERT" placeholder:"FILE" help:"PEM certificate chain for HTTPS. Empty: plain HTTP, behind a proxy that speaks HTTPS."`
	TLSKey         string        `name:"tls-key" env:"TAMGA_TLS_KEY" placeholder:"FILE" help:"PEM private key of the HTTPS certificate."`
	TrustedProxies []string      `env:"TAMGA_TRUSTED_PROXIES" placeholder:"CIDR" help:"Networks of the proxies whose X-Forwarded-For is believed, e.g. 10.0.0.0/8. Empty: nobody's."`
	MetricsListen  string        `env:"TAMGA_METRICS_LISTEN" default:"127.0.0.1:9090" placeholder:"ADDR" help:"Address of /metrics for Prometheus, host:port; never the public one. Empty: no metrics."`
	ShutdownGrace  time.Duration `env:"TAMGA_SHUTDOWN_GRACE" default:"20s" help:"Time that requests under way may take to finish when the server is told to stop."`
}

func (w Web) check() error {
	if err := checkListen("listen", w.Listen); err != nil {
		return err
	}
	if err := checkURL("base-url", w.BaseURL, "https", "http"); err != nil {
		return err
	}
	if err := w.Tokens.check(); err != nil {
		return err
	}
	if (w.TLSCert == "") != (w.TLSKey == "") {
		return wrong("tls-cert", "certificate and key (%s) belong together", variable("tls-key"))
	}
	if w.TLSCert != "" {
		if err := checkFile("tls-cert", w.TLSCert); err != nil {
			return err
		}
		if err := checkFile("tls-key", w.TLSKey); err != nil {
			return err
		}
	}
	if _, err := w.proxies(); err != nil {
		return err
	}
	if w.MetricsListen != "" {
		if err := checkListen("metrics-listen", w.MetricsListen); err != nil {
			return err
		}
		if w.MetricsListen == w.Listen && !strings.HasSuffix(w.Listen, ":0") {
			return wrong("metrics-listen", "%s is the address of the pages; metrics need one of their own", w.MetricsListen)
		}
	}
	return checkDuration("shutdown-grace", w.ShutdownGrace, 0, 5*time.Minute)
}

func (w Web) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range w.TrustedProxies {
		p, err := netip.ParsePrefix(strings.TrimSpace(s))
		if err != nil {
			return nil, wrong("trusted-proxies", "%q is not a network like 10.0.0.0/8", s)
		}
		out = append(out, p)
	}
	return out, nil
}

// checkAll returns the first setting that is wrong.
func checkAll(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
