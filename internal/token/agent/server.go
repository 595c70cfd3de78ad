package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"

	"github.com/tamga-ca/tamga/internal/token/pkcs11"
)

// DefaultListen is where pages look for the agent.
const DefaultListen = "127.0.0.1:24114"

// DefaultIdle is how long a session lives without a call.
const DefaultIdle = 3 * time.Minute

const (
	maxBody        = 64 << 10
	maxConnections = 256
	// Of one origin: a page polls twice a second.
	callRate, callBurst = 30, 60
	// Of one token: a person types.
	loginRate, loginBurst = 1, 3
)

// Config of a Server.
type Config struct {
	// Listen is host:port of the loopback address it is reached by.
	Listen string
	// Origins that may use it, as browsers send them.
	Origins []string
	// Idle ends a session; 0: DefaultIdle.
	Idle time.Duration
	// Version of the program.
	Version string
	// Now is the clock of sessions; nil: time.Now.
	Now func() time.Time
}

// Server answers pages. It is an http.Handler.
type Server struct {
	config   Config
	hosts    []string
	library  *Library
	sessions *sessions

	calls  map[string]*rate.Limiter // by origin
	logins struct {
		sync.Mutex // held during a login, so that sessions are those of the last
		rates      map[string]*rate.Limiter
	}
}

// New makes a server of that library. The address must be a loopback one.
func New(c Config, l *Library) (*Server, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, errors.New("the agent listens on a loopback address and a port alone, such as " + DefaultListen)
	}
	if len(c.Origins) == 0 {
		return nil, errors.New("no origin may use the agent")
	}
	if c.Idle == 0 {
		c.Idle = DefaultIdle
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Server{
		config: c, library: l, sessions: newSessions(c.Idle, c.Now), calls: map[string]*rate.Limiter{},
		hosts: []string{net.JoinHostPort(host, port), net.JoinHostPort("localhost", port)},
	}
	for _, o := range c.Origins {
		s.calls[o] = rate.NewLimiter(callRate, callBurst)
	}
	s.logins.rates = map[string]*rate.Limiter{}
	l.OnLost(s.sessions.clear)
	return s, nil
}

// Serve answers until ctx ends.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		WriteTimeout: 3 * time.Minute, MaxHeaderBytes: 8 << 10,
	}
	go s.expire(ctx)
	stopped := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close()
		}
	})
	defer stopped()
	err := server.Serve(netutil.LimitListener(listener, maxConnections))
	s.library.Close()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// expire logs out of tokens whose sessions were idle for too long.
func (s *Server) expire(ctx context.Context) {
	tick := time.NewTicker(s.config.Idle / 12)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, serial := range s.sessions.expire() {
				_ = s.library.do(order{Verb: doLogout, Serial: serial}, nil) // a lost worker holds no login
			}
		}
	}
}

// ServeHTTP looks at a request in the order of docs/agent.md.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if !slices.Contains(s.hosts, r.Host) { // a rebound name is same-origin and sends no Origin: this goes first
		refuse(w, http.StatusMisdirectedRequest, pkcs11.Refuse(HostNotAllowed, "this is not the agent's name"))
		return
	}
	origin, ok := s.origin(r)
	if !ok {
		refuse(w, http.StatusForbidden, pkcs11.Refuse(OriginNotAllowed, "the origin is not in the administrator's file"))
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Vary", "Origin")
	if r.Method == http.MethodOptions { // refused, it would leave the page without a reason to read
		preflight(h, r)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !s.calls[origin].AllowN(time.Now(), 1) {
		h.Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, pkcs11.Refuse(TooManyRequests, "more than %d calls a second", callRate))
		return
	}
	switch r.Method {
	case http.MethodPost:
		s.post(w, r, origin)
	default:
		h.Set("Allow", "POST, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, pkcs11.Refuse(MethodNotAllowed, "only POST"))
	}
}

func (s *Server) origin(r *http.Request) (string, bool) {
	sent := r.Header.Values("Origin")
	if len(sent) != 1 || s.calls[sent[0]] == nil {
		return "", false
	}
	return sent[0], true
}

func preflight(h http.Header, r *http.Request) {
	h.Set("Access-Control-Allow-Methods", "POST")
	h.Set("Access-Control-Allow-Headers", "content-type")
	h.Set("Access-Control-Max-Age", "600")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" { // Chromium before local network access
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
}

func (s *Server) post(w http.ResponseWriter, r *http.Request, origin string) {
	if !isJSON(r.Header.Values("Content-Type")) {
		refuse(w, http.StatusUnsupportedMediaType, pkcs11.Refuse(ContentType, "only application/json"))
		return
	}
	name, found := strings.CutPrefix(r.URL.Path, "/v1/")
	call, known := calls[name]
	if !found || !known {
		refuse(w, http.StatusNotFound, pkcs11.Refuse(UnknownCall, "no such call"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			refuse(w, http.StatusRequestEntityTooLarge, pkcs11.Refuse(TooLarge, "more than %d bytes", maxBody))
		} else {
			refuse(w, http.StatusBadRequest, pkcs11.Refuse(pkcs11.BadParams, "the request was cut off"))
		}
		return
	}
	answer, err := call(s, origin, body)
	if err != nil {
		e := coded(err)
		if e.Code == TooManyRequests {
			w.Header().Set("Retry-After", strconv.Itoa(loginRate))
		}
		refuse(w, statusOf(e.Code), e)
		return
	}
	write(w, http.StatusOK, answer)
}

func isJSON(sent []string) bool {
	if len(sent) != 1 {
		return false
	}
	kind, parameters, err := mime.ParseMediaType(sent[0])
	if err != nil || kind != "application/json" {
		return false
	}
	for name, value := range parameters {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

func statusOf(code pkcs11.Code) int {
	switch code {
	case pkcs11.BadParams:
		return http.StatusBadRequest
	case TooManyRequests, TooManySessions:
		return http.StatusTooManyRequests
	case pkcs11.LoadFailed, Busy:
		return http.StatusServiceUnavailable
	case LibraryHung:
		return http.StatusGatewayTimeout
	case LibraryCrashed:
		return http.StatusBadGateway
	}
	return http.StatusConflict
}

func refuse(w http.ResponseWriter, status int, e *pkcs11.Error) { write(w, status, e) }

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the page may have gone
}
