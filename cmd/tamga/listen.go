package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Limits of one connection. A scan of 20 MiB over a slow line sets the longest
// reading time.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 10 * time.Minute
	writeTimeout  = 10 * time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
)

// Listener is a server that is bound to its address but does not answer yet.
type listener struct {
	server *http.Server
	net    net.Listener
}

// listen binds an address. cert and key are files, or both empty.
func listen(ctx context.Context, address string, h http.Handler, cert, key string) (*listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			_ = l.Close()
			return nil, wrong("tls-cert", "%v", err)
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	return &listener{net: l, server: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}}, nil
}

// address is where it really listens, port 0 resolved.
func (l *listener) address() string { return l.net.Addr().String() }

// serveAll answers until the context ends or one of the listeners fails, then
// lets the requests under way finish within grace.
func serveAll(ctx context.Context, grace time.Duration, all ...*listener) error {
	failed := make(chan error, len(all))
	for _, l := range all {
		go func() {
			err := l.server.Serve(l.net)
			if errors.Is(err, http.ErrServerClosed) {
				err = nil
			}
			failed <- err
		}()
	}
	var errs []error
	running := len(all)
	select {
	case <-ctx.Done():
	case err := <-failed:
		errs, running = append(errs, err), running-1
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	for _, l := range all {
		if err := l.server.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stopping: %w", err), l.server.Close())
		}
	}
	for range running {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}

// metricsHandler serves a registry at /metrics and nothing else.
func metricsHandler(r *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{Registry: r}))
	return mux
}
