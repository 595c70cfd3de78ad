package ca

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/smallstep/nosql"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/tamga-ca/tamga/internal/registry"
)

// certificates is step-ca's table (bucket) of what it has signed: decimal
// serial → DER.
const certificates = "x509_certs"

// Stray is a certificate that step-ca has signed and we never asked for.
type Stray struct {
	Serial      registry.Serial
	NotBefore   time.Time
	NotAfter    time.Time
	KeyHash     string // as Request.KeyHash
	Certificate []byte // DER
}

// Known says whether a certificate that the CA has signed is one of ours. To
// compare the serial alone overlooks one thing: step-ca lets a serial be used
// again and forgets the first certificate; KeyHash of the intent finds that.
type Known func(serial registry.Serial, keyHash string) (bool, error)

// Reconcile reads step-ca's database and returns what is not known. The
// provisioner's key alone could have made such certificates, so a single one is
// an alarm. Of a bbolt file, the CA must be stopped (ErrLocked otherwise); of a
// running embedded CA ask Embedded.Reconcile.
func Reconcile(ctx context.Context, d Database, known Known) ([]Stray, error) {
	var strays []Stray
	visit := visitor(known, &strays)
	var err error
	switch d.Type {
	case "bbolt":
		err = eachInBolt(ctx, d.DataSource, visit)
	case "postgresql":
		err = eachInPostgres(ctx, d.DataSource, visit)
	default:
		err = fmt.Errorf("no reader for a database of type %q", d.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("reading step-ca's certificates: %w", err)
	}
	return strays, nil
}

// Reconcile is the function of that name, over the database that the embedded
// CA has open.
func (e *Embedded) Reconcile(ctx context.Context, known Known) ([]Stray, error) {
	e.change.Lock()
	defer e.change.Unlock()
	if e.running == nil {
		return Reconcile(ctx, BoltDatabase(e.layout.Database()), known)
	}
	open, ok := e.running.db.(nosql.DB)
	if !ok {
		return nil, errors.New("reading step-ca's certificates: the database cannot be listed")
	}
	entries, err := open.List([]byte(certificates))
	if err != nil {
		return nil, fmt.Errorf("reading step-ca's certificates: %w", err)
	}
	var strays []Stray
	visit := visitor(known, &strays)
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := visit(entry.Key, entry.Value); err != nil {
			return nil, fmt.Errorf("reading step-ca's certificates: %w", err)
		}
	}
	return strays, nil
}

func visitor(known Known, strays *[]Stray) func(key, der []byte) error {
	return func(key, der []byte) error {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("certificate %s: %w", key, err)
		}
		s := Stray{
			Serial: SerialOf(c.SerialNumber), NotBefore: c.NotBefore, NotAfter: c.NotAfter,
			KeyHash: hash(c.RawSubjectPublicKeyInfo), Certificate: c.Raw,
		}
		ours, err := known(s.Serial, s.KeyHash)
		if err != nil {
			return err
		}
		if !ours {
			*strays = append(*strays, s)
		}
		return nil
	}
}

func eachInBolt(ctx context.Context, file string, visit func(key, der []byte) error) error {
	if _, err := os.Stat(file); err != nil {
		return err
	}
	b, err := bbolt.Open(file, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return ErrLocked
	}
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	return b.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(certificates))
		if bucket == nil {
			return nil
		}
		return bucket.ForEach(func(key, der []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return visit(key, append([]byte(nil), der...))
		})
	})
}

func eachInPostgres(ctx context.Context, dsn string, visit func(key, der []byte) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	rows, err := conn.Query(ctx, "SELECT nkey, nvalue FROM "+certificates)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, der []byte
		if err := rows.Scan(&key, &der); err != nil {
			return err
		}
		if err := visit(key, der); err != nil {
			return err
		}
	}
	return rows.Err()
}
