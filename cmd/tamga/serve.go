package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tamga-ca/tamga/internal/commandline"
)

// Serve is the server's configuration.
type Serve struct {
	Web   `embed:"" group:"Web"`
	Place `embed:""`
	Mail  `embed:"" group:"Mail"`
}

// Validate implements kong's check of a command.
func (s Serve) Validate() error {
	return checkAll(s.Web.check(), s.Place.check(), s.Mail.check())
}

// Run the command, until SIGTERM or SIGINT.
func (s Serve) Run(ctx context.Context) (err error) {
	proxies, err := s.proxies()
	if err != nil {
		return err
	}
	i, err := s.open(ctx, opening{baseURL: s.BaseURL, now: time.Now, alone: true, mail: s.Mail})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.close()) }()
	if err := i.refuseRootKey(); err != nil {
		return err
	}
	i.tellOfCRL()
	return s.Web.run(ctx, i, facing{baseURL: s.BaseURL, agentURL: s.AgentURL, proxies: proxies, now: time.Now})
}

// run listens and answers until the context ends.
func (w Web) run(ctx context.Context, i *installation, f facing, more ...*listener) error {
	handler, err := i.pages(f)
	if err != nil {
		return err
	}
	pages, err := listen(ctx, w.Listen, handler, w.TLSCert, w.TLSKey)
	if err != nil {
		return err
	}
	all := append([]*listener{pages}, more...)
	if w.MetricsListen != "" {
		metrics := prometheus.NewRegistry()
		metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		metrics.MustRegister(answerMetrics(i.flow.AnswerStats)...)
		l, err := listen(ctx, w.MetricsListen, metricsHandler(metrics), "", "")
		if err != nil {
			return errors.Join(err, pages.net.Close())
		}
		all = append(all, l)
	}
	working, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { i.flow.Work(working) })
	defer background.Wait()
	defer stop()
	slog.Info("serving", "address", pages.address(), "base_url", f.baseURL, "authority", i.pack.Name, "version", commandline.Version())
	err = serveAll(ctx, w.ShutdownGrace, all...)
	slog.Info("stopped")
	return err
}
