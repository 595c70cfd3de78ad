// Command mailcatch is the mail server of the compose file: it keeps what it is
// sent and shows it at / as plain text.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tamga-ca/tamga/internal/mailtest"
)

// Config of the catcher.
type Config struct {
	Listen string `env:"MAILCATCH_LISTEN" default:"127.0.0.1:1025" help:"Address for SMTP, host:port."`
	Web    string `env:"MAILCATCH_WEB" default:"127.0.0.1:8025" help:"Address of the page, host:port."`
}

func main() {
	var c Config
	kong.Parse(&c, kong.Name("mailcatch"), kong.Description("Keeps the mail it is sent and shows it. Never for real people's mail."))
	if err := run(c); err != nil {
		slog.Error("mailcatch", "error", err)
		os.Exit(1)
	}
}

func run(c Config) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	catcher, err := mailtest.Start(mailtest.Options{Listen: c.Listen})
	if err != nil {
		return err
	}
	defer func() { _ = catcher.Close() }()
	web := &http.Server{Addr: c.Web, Handler: catcher, ReadHeaderTimeout: 10 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = web.Close() })
	defer stopped()
	if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
