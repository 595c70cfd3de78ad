package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tamga-ca/tamga/workflow"
)

// answerMetrics are figures about answers to relying parties.
func answerMetrics(stats func() workflow.AnswerStats) []prometheus.Collector {
	var out []prometheus.Collector
	for result, value := range map[string]func(workflow.AnswerStats) uint64{
		"kept":         func(s workflow.AnswerStats) uint64 { return s.Kept },
		"signed":       func(s workflow.AnswerStats) uint64 { return s.Signed },
		"malformed":    func(s workflow.AnswerStats) uint64 { return s.Malformed },
		"unauthorized": func(s workflow.AnswerStats) uint64 { return s.Unauthorized },
		"try_later":    func(s workflow.AnswerStats) uint64 { return s.TryLater },
		"failed":       func(s workflow.AnswerStats) uint64 { return s.Failed },
	} {
		out = append(out, prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tamga_ocsp_answers_total", Help: "OCSP answers by how they came about.", ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(value(stats())) }))
	}
	for name, g := range map[string]struct {
		help  string
		value func(workflow.AnswerStats) float64
	}{
		"tamga_ocsp_kept_answers":       {"Signed OCSP answers in memory.", func(s workflow.AnswerStats) float64 { return float64(s.Remembered) }},
		"tamga_ocsp_signer_end_seconds": {"When the delegation to sign OCSP answers ends, Unix time; 0 without one.", func(s workflow.AnswerStats) float64 { return unix(s.SignerEnds) }},
		"tamga_status_followed_seconds": {"How long ago changes of status were last looked for.", func(s workflow.AnswerStats) float64 { return s.Followed.Seconds() }},
		"tamga_crl_number":              {"Number of the CRL that was served last.", func(s workflow.AnswerStats) float64 { return float64(s.CRLNumber) }},
		"tamga_crl_next_update_seconds": {"When the CRL that was served last ends, Unix time; 0 before the first.", func(s workflow.AnswerStats) float64 { return unix(s.CRLEnds) }},
	} {
		out = append(out, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: g.help}, func() float64 { return g.value(stats()) }))
	}
	return out
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}
