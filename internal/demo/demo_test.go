package demo_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"crypto/x509"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/demo"
	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/mailtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// The demo has applications in every state and certificates of every status,
// in both packs.
func TestFill(t *testing.T) {
	log.SetOutput(io.Discard)
	for _, name := range authorities.Names {
		t.Run(name, func(t *testing.T) {
			report, err := demo.Fill(t.Context(), config(t, name))
			if err != nil {
				t.Fatal(err)
			}
			have := map[registry.ApplicationStatus]int{}
			for _, a := range report.Applications {
				have[a.Status]++
			}
			for _, s := range registry.ApplicationStatuses {
				if have[s] == 0 {
					t.Errorf("no application is %s: %v", s, have)
				}
			}
			if len(report.Applications) < 24 {
				t.Errorf("%d applications", len(report.Applications))
			}
			var statuses []string
			for _, c := range report.Certificates {
				statuses = append(statuses, c.Status)
				block, _ := pem.Decode(c.PEM)
				cert, err := x509.ParseCertificate(block.Bytes)
				if err != nil || fmt.Sprintf("%x", cert.SerialNumber) != c.Serial {
					t.Errorf("certificate %s: %v", c.Serial, err)
				}
			}
			for _, s := range []string{"valid", "not-yet", "expired", "suspended", "revoked"} {
				if !slices.Contains(statuses, s) {
					t.Errorf("no certificate is %s: %v", s, statuses)
				}
			}
		})
	}
}

func config(t *testing.T, name string) demo.Config {
	t.Helper()
	pack, err := authorities.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	profile := ca.ProfileAt("http://127.0.0.1:8080", pack.Certificate.HolderPolicy, pack.Certificate.OperatorPolicy)
	dir := t.TempDir()
	layout := ca.Layout{Dir: filepath.Join(dir, "ca"), Secrets: filepath.Join(dir, "secrets")}
	if err := ca.Init(ca.InitOptions{Layout: layout, Organisation: "Сыноо", Name: "Сыноо", Profile: profile, ValidFrom: time.Now().AddDate(-3, 0, 0)}); err != nil {
		t.Fatal(err)
	}
	server, err := ca.NewEmbedded(layout, profile)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	client, err := server.Client(0)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ecloud.NewFileKeys(ecloud.KeyWithID{ID: "test.1", Key: []byte("0123456789abcdef0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	vault, err := ecloud.New(keys, ecloud.Options{KDF: ecloud.KDF{Time: 1, MemoryKiB: 64, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := scan.OpenFolder(filepath.Join(dir, "files"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	files, err := scan.NewVault(folder, "documents.1", []scan.Key{{ID: "documents.1", Bytes: []byte("0123456789abcdef0123456789abcdef")}})
	if err != nil {
		t.Fatal(err)
	}
	mailbox := mailtest.New(t)
	holder, _ := x509.ParseOID(pack.Certificate.HolderPolicy)
	operator, _ := x509.ParseOID(pack.Certificate.OperatorPolicy)
	return demo.Config{
		Mailbox: mailbox, Now: time.Now(), EndsIn: 20 * 24 * time.Hour,
		Workflow: workflow.Config{
			Store: storetest.SQLite(t), Pack: pack, Log: slog.New(slog.DiscardHandler), BaseURL: "http://127.0.0.1:8080", Vault: files,
			Trust:     workflow.Trust{Root: server.Issuer().Root, Issuer: server.Issuer().Certificate, HolderPolicy: holder, OperatorPolicy: operator},
			SourceKey: []byte("0123456789abcdef0123456789abcdef"), Issuing: &workflow.Issuing{CA: client, Keys: vault},
			Mail: &workflow.Mail{Address: mailbox.Addr(), From: "tamga@demo.example", Security: "none", Render: func(l workflow.Letter) (string, string, error) {
				return l.Kind, fmt.Sprint(l.Args), nil
			}},
		},
	}
}
