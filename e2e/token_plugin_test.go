//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/smallstep/pkcs7"
)

// plugin stands for the browser extension, the Rutoken Plugin and the tokens
// behind it. The page meets the object that the real loader looks for, with the
// real names, orders of arguments, forms of identifiers and shape of errors;
// what the object does is done here, with real cryptography. The tokens live as
// long as the test: a page that is loaded again finds them as they were.
type plugin struct {
	t *testing.T

	mu      sync.Mutex
	tokens  []*fakeToken
	calls   []string // every method that a page called
	fault   *fault
	hit     string // the method whose call met the last fault
	missing bool   // the extension is there, the plug-in is not
}

// fault happens before a call: the nth from when it was set.
type fault struct {
	at    int
	token *fakeToken
	swap  *fakeToken // is plugged in, in its place
	err   string     // instead of pulling out: this errorCode
	armed bool       // the page has begun
}

// fakeToken is a Rutoken in its port, or out of it.
type fakeToken struct {
	Serial  string
	Label   string // empty: none was given
	Release string // 1.0, 2.0 (default), 3.0
	PIN     string // default 12345678
	Tries   int    // left; default 10
	Factory bool   // the PIN-code is the one from the factory
	Memory  int    // bytes free; default 60000
	Lite    bool   // a Rutoken Lite: no cryptography of its own

	out          bool
	slot         int
	most         int
	in           bool // logged in
	keys         []*fakeKey
	certificates []*fakeCertificate
}

type fakeKey struct {
	id, label, marker string
	key               crypto.Signer
}

type fakeCertificate struct {
	id  string
	der []byte
}

// The numbers of constants and errors are ours: nobody may know them by heart.
var (
	pluginConstants = number(7, "ENUMERATE_DEVICES_LIST", "ENUMERATE_DEVICES_EVENTS", "TOKEN_INFO_LABEL", "TOKEN_INFO_SERIAL", "TOKEN_INFO_MODEL", "TOKEN_INFO_READER",
		"TOKEN_INFO_DEVICE_TYPE", "TOKEN_INFO_IS_LOGGED_IN", "TOKEN_INFO_PINS_INFO", "TOKEN_INFO_SUPPORTED_MECHANISMS", "TOKEN_INFO_FREE_MEMORY",
		"CERT_CATEGORY_UNSPEC", "CERT_CATEGORY_USER", "CERT_CATEGORY_CA", "CERT_CATEGORY_OTHER", "DATA_FORMAT_PLAIN", "DATA_FORMAT_BASE64", "DATA_FORMAT_HASH",
		"HASH_TYPE_SHA1", "HASH_TYPE_SHA256", "HASH_TYPE_SHA512", "HASH_TYPE_GOST3411_94", "HASH_TYPE_GOST3411_12_256", "PUBLIC_KEY_ALGORITHM_RSA", "PUBLIC_KEY_ALGORITHM_RSA_1024",
		"PUBLIC_KEY_ALGORITHM_RSA_2048", "PUBLIC_KEY_ALGORITHM_RSA_4096", "PUBLIC_KEY_ALGORITHM_ECDSA", "PUBLIC_KEY_ALGORITHM_GOST3410_2001", "PUBLIC_KEY_ALGORITHM_GOST3410_2012_256",
		"TOKEN_TYPE_UNKNOWN", "TOKEN_TYPE_RUTOKEN_ECP")
	pluginErrors = number(211, "UNKNOWN_ERROR", "BAD_PARAMS", "NOT_ENOUGH_MEMORY", "DEVICE_NOT_FOUND", "DEVICE_ERROR", "TOKEN_INVALID", "TOKEN_NOT_PRESENT", "SESSION_INVALID",
		"CERTIFICATE_NOT_FOUND", "CERTIFICATE_EXISTS", "PIN_LENGTH_INVALID", "PIN_INCORRECT", "PIN_LOCKED", "PIN_INVALID", "PIN_EXPIRED", "USER_PIN_NOT_INITIALIZED",
		"USER_NOT_LOGGED_IN", "ALREADY_LOGGED_IN", "KEY_NOT_FOUND", "UNSUPPORTED_BY_TOKEN", "MECHANISM_INVALID", "FUNCTION_REJECTED", "PKCS11_LOAD_FAILED")
)

func number(from int, names ...string) map[string]int {
	out := map[string]int{}
	for i, n := range names {
		out[n] = from + 3*i
	}
	return out
}

var pluginMethods = []string{
	"enumerateDevices", "getDeviceInfo", "login", "logout", "changePin", "enumerateCertificates", "getCertificate", "parseCertificate", "getKeyByCertificate",
	"enumerateKeys", "getKeyLabel", "setKeyLabel", "generateKeyPair", "createPkcs10", "importCertificate", "deleteKeyPair", "deleteCertificate", "sign",
}

// shim is the extension's object in the page, before the loader looks for it.
const shim = `(() => {
  const waiting = new Map();
  let next = 0;
  window.__answer = (id, ok, value) => {
    const {resolve, reject} = waiting.get(id);
    waiting.delete(id);
    if (ok) resolve(value); else reject(new Error(value));
  };
  const call = (method, args) => new Promise((resolve, reject) => {
    const id = ++next;
    waiting.set(id, {resolve, reject});
    window.__rutoken(JSON.stringify({id, method, args: args.map((a) => a === undefined ? null : a)}));
  });
  const plugin = {valid: true, version: '4.10.1.0', ...CONSTANTS, errorCodes: Promise.resolve({...ERRORS})};
  for (const method of METHODS) plugin[method] = (...args) => call(method, args);
  window['C3B7563B-BF85-45B7-88FC-7CFF1BD3C2DB'] = {
    initialize: () => Promise.resolve(),
    isPluginInstalled: () => call('isPluginInstalled', []),
    loadPlugin: () => Promise.resolve(plugin),
  };
})()`

// newPlugin puts tokens into the ports.
func newPlugin(t *testing.T, tokens ...*fakeToken) *plugin {
	f := &plugin{t: t}
	for _, token := range tokens {
		f.add(token)
	}
	return f
}

func (f *plugin) add(token *fakeToken) {
	if token.PIN == "" {
		token.PIN = "12345678"
	}
	if token.Tries == 0 {
		token.Tries = 10
	}
	if token.Memory == 0 {
		token.Memory = 60000
	}
	if token.Release == "" {
		token.Release = "2.0"
	}
	token.most, token.slot = 10, len(f.tokens)
	f.tokens = append(f.tokens, token)
}

// install adds the extension to a window, for the pages opened from now on.
func (f *plugin) install(p *Page) {
	f.t.Helper()
	asJSON := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			f.t.Fatal(err)
		}
		return string(b)
	}
	script := strings.NewReplacer("CONSTANTS", asJSON(pluginConstants), "ERRORS", asJSON(pluginErrors), "METHODS", asJSON(pluginMethods)).Replace(shim)
	chromedp.ListenTarget(p.ctx, func(event any) {
		switch e, ok := event.(*runtime.EventBindingCalled); {
		case !ok || e.Name != "__rutoken":
		case e.Payload == "arm":
			f.with(f.arm)
		default:
			go f.answer(p, e)
		}
	})
	p.Run(runtime.AddBinding("__rutoken"), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

func (f *plugin) answer(p *Page, e *runtime.EventBindingCalled) {
	var in struct {
		ID     int               `json:"id"`
		Method string            `json:"method"`
		Args   []json.RawMessage `json:"args"`
	}
	if err := json.Unmarshal([]byte(e.Payload), &in); err != nil {
		f.t.Errorf("the page asked the plug-in %q: %v", e.Payload, err)
		return
	}
	value, code := f.call(in.Method, in.Args)
	answer := fmt.Sprintf("window.__answer(%d, true, %s)", in.ID, mustJSON(value))
	if code != "" {
		message := code // some rejections are no number
		if n, ok := pluginErrors[code]; ok {
			message = strconv.Itoa(n)
		}
		answer = fmt.Sprintf("window.__answer(%d, false, %s)", in.ID, mustJSON(message))
	}
	// A page that was left does not wait for it any more.
	_ = chromedp.Run(p.ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		_, _, err := runtime.Evaluate(answer).WithContextID(e.ExecutionContextID).Do(ctx)
		return err
	}))
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// call does what a method does; code is the name of an errorCode, or "".
func (f *plugin) call(method string, args []json.RawMessage) (value any, code string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if method == "isPluginInstalled" {
		return !f.missing, ""
	}
	f.calls = append(f.calls, method)
	if code := f.happen(method); code != "" {
		return nil, code
	}
	if method == "enumerateDevices" {
		return f.enumerate(args)
	}
	token := f.inSlot(arg[int](args, 0))
	if token == nil {
		return nil, "DEVICE_NOT_FOUND"
	}
	return token.do(method, args)
}

// happen lets the fault happen whose time has come.
func (f *plugin) happen(method string) string {
	if f.fault == nil || !f.fault.armed {
		return ""
	}
	if f.fault.at--; f.fault.at > 0 {
		return ""
	}
	is := f.fault
	f.fault, f.hit = nil, method
	if is.err != "" {
		return is.err
	}
	is.token.pull()
	if is.swap != nil { // the very same port
		is.swap.slot, is.swap.out = is.token.slot, false
	}
	return ""
}

func (f *plugin) enumerate(args []json.RawMessage) (any, string) {
	var how struct {
		Mode int `json:"mode"`
	}
	if len(args) != 1 || json.Unmarshal(args[0], &how) != nil || how.Mode != pluginConstants["ENUMERATE_DEVICES_LIST"] {
		return nil, "BAD_PARAMS"
	}
	slots := []int{}
	for _, t := range f.tokens {
		if !t.out {
			slots = append(slots, t.slot)
		}
	}
	return slots, ""
}

func (f *plugin) inSlot(slot int) *fakeToken {
	i := slices.IndexFunc(f.tokens, func(t *fakeToken) bool { return !t.out && t.slot == slot })
	if i < 0 {
		return nil
	}
	return f.tokens[i]
}

// pull takes the token out of its port; its login dies with it.
func (t *fakeToken) pull() { t.out, t.in = true, false }

// Unplug and Plug are what a person does with a token.
func (f *plugin) Unplug(t *fakeToken) { f.with(func() { t.pull() }) }

// Plug puts a token into a port of its own.
func (f *plugin) Plug(t *fakeToken) {
	f.with(func() {
		t.out = false
		if !slices.Contains(f.tokens, t) {
			f.add(t)
		}
		for _, other := range f.tokens {
			if other != t && !other.out && other.slot == t.slot {
				t.slot = len(f.tokens) + t.slot
			}
		}
	})
}

func (f *plugin) with(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

// arm begins to count, when the page says so: until then it polls.
func (f *plugin) arm() {
	if f.fault != nil {
		f.fault.armed = true
	}
}

// after sets what happens at the nth call from the press of the button.
func (f *plugin) after(n int, what fault) {
	what.at = n
	f.with(func() { f.fault = &what })
}

// called counts the calls of a method; "" counts all.
func (f *plugin) called(method string) (n int) {
	f.with(func() {
		for _, c := range f.calls {
			if method == "" || c == method {
				n++
			}
		}
	})
	return n
}

func arg[T any](args []json.RawMessage, i int) (v T) {
	if i < len(args) {
		_ = json.Unmarshal(args[i], &v)
	}
	return v
}

func (t *fakeToken) do(method string, args []json.RawMessage) (any, string) {
	switch method {
	case "getDeviceInfo":
		return t.info(arg[int](args, 1))
	case "login":
		return nil, t.login(arg[string](args, 1))
	case "logout":
		if !t.in {
			return nil, "USER_NOT_LOGGED_IN"
		}
		t.in = false
		return nil, ""
	case "changePin":
		return nil, t.changePIN(arg[string](args, 1), arg[string](args, 2))
	case "enumerateCertificates":
		ids := []string{}
		if arg[int](args, 1) == pluginConstants["CERT_CATEGORY_USER"] {
			for _, c := range t.certificates {
				ids = append(ids, c.id)
			}
		}
		return ids, ""
	case "getCertificate":
		c := t.certificate(arg[string](args, 1))
		if c == nil {
			return nil, "CERTIFICATE_NOT_FOUND"
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.der})), ""
	}
	if !t.in {
		return nil, "USER_NOT_LOGGED_IN"
	}
	return t.doLoggedIn(method, args)
}

func (t *fakeToken) doLoggedIn(method string, args []json.RawMessage) (any, string) {
	id := arg[string](args, 1)
	switch method {
	case "getKeyByCertificate":
		if k := t.keyOf(t.certificate(id)); k != nil {
			return k.id, ""
		}
		return nil, "KEY_NOT_FOUND"
	case "enumerateKeys":
		ids := []string{}
		for _, k := range t.keys {
			if k.marker == id {
				ids = append(ids, k.id)
			}
		}
		return ids, ""
	case "generateKeyPair":
		return t.generate(args)
	case "importCertificate":
		return t.importCertificate(id)
	case "deleteCertificate":
		n := len(t.certificates)
		t.certificates = slices.DeleteFunc(t.certificates, func(c *fakeCertificate) bool { return c.id == id })
		return nil, orMissing(len(t.certificates) < n, "CERTIFICATE_NOT_FOUND")
	case "deleteKeyPair":
		n := len(t.keys)
		t.keys = slices.DeleteFunc(t.keys, func(k *fakeKey) bool { return k.id == id })
		return nil, orMissing(len(t.keys) < n, "KEY_NOT_FOUND")
	case "sign":
		return t.sign(id, args)
	}
	k := t.key(id)
	if k == nil {
		return nil, "KEY_NOT_FOUND"
	}
	switch method {
	case "getKeyLabel":
		return k.label, ""
	case "setKeyLabel":
		k.label = arg[string](args, 2)
		return nil, ""
	case "createPkcs10":
		return k.request(args)
	}
	return nil, "BAD_PARAMS"
}

func orMissing(found bool, code string) string {
	if found {
		return ""
	}
	return code
}

func (t *fakeToken) info(what int) (any, string) {
	c := pluginConstants
	switch what {
	case c["TOKEN_INFO_LABEL"]:
		if t.Label == "" {
			return "Rutoken ECP <no label>", ""
		}
		return t.Label, ""
	case c["TOKEN_INFO_SERIAL"]:
		return t.Serial, ""
	case c["TOKEN_INFO_MODEL"]:
		if t.Lite {
			return "Rutoken lite", ""
		}
		return "Rutoken ECP", ""
	case c["TOKEN_INFO_READER"]:
		return "Aktiv Rutoken ECP 00 00", ""
	case c["TOKEN_INFO_IS_LOGGED_IN"]:
		return t.in, ""
	case c["TOKEN_INFO_FREE_MEMORY"]:
		return t.Memory, ""
	case c["TOKEN_INFO_PINS_INFO"]:
		return map[string]any{"retriesLeft": t.Tries, "isPinDefault": t.Factory, "isPinCached": false}, ""
	case c["TOKEN_INFO_SUPPORTED_MECHANISMS"]:
		return t.mechanisms(), ""
	}
	return nil, "BAD_PARAMS"
}

// mechanisms tell the releases apart: 2.0 knows GOST of 2012, 3.0 long RSA keys
// and ECDSA.
func (t *fakeToken) mechanisms() map[string]map[string][]int {
	c := pluginConstants
	sign := []int{c["PUBLIC_KEY_ALGORITHM_GOST3410_2001"], c["PUBLIC_KEY_ALGORITHM_RSA_1024"], c["PUBLIC_KEY_ALGORITHM_RSA_2048"]}
	hash := []int{c["HASH_TYPE_GOST3411_94"]}
	if t.Release >= "2.0" {
		sign, hash = append(sign, c["PUBLIC_KEY_ALGORITHM_GOST3410_2012_256"]), append(hash, c["HASH_TYPE_GOST3411_12_256"])
	}
	if t.Release >= "3.0" {
		sign = append(sign, c["PUBLIC_KEY_ALGORITHM_RSA_4096"], c["PUBLIC_KEY_ALGORITHM_ECDSA"])
	}
	if t.Lite {
		sign, hash = []int{}, []int{}
	}
	return map[string]map[string][]int{
		"sign": {"hardware": sign, "software": {}}, "hash": {"hardware": hash, "software": {c["HASH_TYPE_SHA256"]}},
		"cipher": {"hardware": {}, "software": {}}, "keyExchange": {"hardware": {}, "software": {}},
	}
}

func (t *fakeToken) login(pin string) string {
	switch {
	case t.in:
		return "ALREADY_LOGGED_IN"
	case t.Tries == 0:
		return "PIN_LOCKED"
	case len(pin) < 6 || len(pin) > 32:
		return "PIN_LENGTH_INVALID"
	case pin != t.PIN:
		t.Tries--
		return "PIN_INCORRECT"
	}
	t.Tries, t.in = t.most, true
	return ""
}

func (t *fakeToken) changePIN(old, fresh string) string {
	t.in = false
	if code := t.login(old); code != "" {
		return code
	}
	t.in = false
	if len(fresh) < 6 || len(fresh) > 32 {
		return "PIN_LENGTH_INVALID"
	}
	t.PIN, t.Factory = fresh, false
	return ""
}

func (t *fakeToken) certificate(id string) *fakeCertificate {
	for _, c := range t.certificates {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (t *fakeToken) key(id string) *fakeKey {
	for _, k := range t.keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

func (t *fakeToken) keyOf(c *fakeCertificate) *fakeKey {
	if c == nil {
		return nil
	}
	parsed, err := x509.ParseCertificate(c.der)
	if err != nil {
		return nil
	}
	for _, k := range t.keys {
		if k.key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(parsed.PublicKey) {
			return k
		}
	}
	return nil
}

const keyMemory, certificateMemory = 2800, 1600

func (t *fakeToken) generate(args []json.RawMessage) (any, string) {
	how := arg[struct {
		Algorithm int    `json:"publicKeyAlgorithm"`
		Size      int    `json:"signatureSize"`
		Curve     string `json:"paramset"`
	}](args, 3)
	if t.Memory < keyMemory {
		return nil, "NOT_ENOUGH_MEMORY"
	}
	var (
		key crypto.Signer
		err error
	)
	switch {
	case how.Algorithm == pluginConstants["PUBLIC_KEY_ALGORITHM_RSA"] && how.Size == 2048 && !t.Lite:
		key, err = rsa.GenerateKey(rand.Reader, how.Size)
	case how.Algorithm == pluginConstants["PUBLIC_KEY_ALGORITHM_ECDSA"] && how.Curve == "secp256r1" && how.Size == 512 && t.Release >= "3.0":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return nil, "UNSUPPORTED_BY_TOKEN"
	}
	if err != nil {
		return nil, "UNKNOWN_ERROR"
	}
	t.Memory -= keyMemory
	made := t.keep(key)
	made.marker = arg[string](args, 2)
	return made.id, ""
}

// keep puts a key on the token, as if it had been made there.
func (t *fakeToken) keep(key crypto.Signer) *fakeKey {
	id := make([]byte, 20)
	_, _ = rand.Read(id)
	k := &fakeKey{id: colons(id), key: key}
	t.keys = append(t.keys, k)
	return k
}

func (t *fakeToken) importCertificate(text string) (any, string) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, "BAD_PARAMS"
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return nil, "BAD_PARAMS"
	}
	id := thumbprint(block.Bytes)
	switch {
	case t.certificate(id) != nil:
		return nil, "CERTIFICATE_EXISTS"
	case t.Memory < certificateMemory:
		return nil, "NOT_ENOUGH_MEMORY"
	case t.keyOf(&fakeCertificate{der: block.Bytes}) == nil:
		return nil, "KEY_NOT_FOUND"
	}
	t.Memory -= certificateMemory
	t.certificates = append(t.certificates, &fakeCertificate{id, block.Bytes})
	return id, ""
}

// put puts a certificate and its key on the token.
func (t *fakeToken) put(der []byte, key crypto.Signer) {
	if key != nil {
		t.keep(key)
	}
	t.certificates = append(t.certificates, &fakeCertificate{thumbprint(der), der})
}

func thumbprint(der []byte) string {
	sum := sha1.Sum(der)
	return colons(sum[:])
}

func colons(b []byte) string {
	parts := make([]string, len(b))
	for i, x := range b {
		parts[i] = hex.EncodeToString([]byte{x})
	}
	return strings.Join(parts, ":")
}

func (k *fakeKey) request(args []json.RawMessage) (any, string) {
	names := arg[[]struct{ RDN, Value string }](args, 2)
	how := arg[struct {
		Hash int `json:"hashAlgorithm"`
	}](args, 4)
	if how.Hash != pluginConstants["HASH_TYPE_SHA256"] {
		return nil, "MECHANISM_INVALID"
	}
	subject := pkix.Name{}
	for _, n := range names {
		if n.RDN == "commonName" {
			subject.CommonName = n.Value
		}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, k.key)
	if err != nil {
		return nil, "UNKNOWN_ERROR"
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), ""
}

// sign makes the CMS that the plug-in makes: PEM, signed attributes only when
// the time is asked for, SHA-1 unless another hash is.
func (t *fakeToken) sign(id string, args []json.RawMessage) (any, string) {
	c := t.certificate(id)
	if c == nil {
		return nil, "CERTIFICATE_NOT_FOUND"
	}
	k := t.keyOf(c)
	if k == nil {
		return nil, "KEY_NOT_FOUND"
	}
	how := arg[struct {
		Detached bool `json:"detached"`
		User     bool `json:"addUserCertificate"`
		Time     bool `json:"addSignTime"`
		Hash     int  `json:"rsaHashAlgorithm"`
	}](args, 4)
	content, err := base64.StdEncoding.DecodeString(arg[string](args, 2))
	if err != nil || arg[int](args, 3) != pluginConstants["DATA_FORMAT_BASE64"] || !how.User {
		return nil, "BAD_PARAMS"
	}
	cms, err := signedData(c.der, k.key, content, how.Time, how.Hash == pluginConstants["HASH_TYPE_SHA256"])
	if err != nil {
		return nil, "UNKNOWN_ERROR"
	}
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "CMS", Bytes: cms})
	return out.String(), ""
}

func signedData(der []byte, key crypto.Signer, content []byte, attributes, sha256 bool) ([]byte, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	sd, err := pkcs7.NewSignedData(content)
	if err != nil {
		return nil, err
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA1)
	if sha256 {
		sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	}
	if attributes {
		err = sd.AddSigner(cert, key, pkcs7.SignerInfoConfig{})
	} else {
		err = sd.SignWithoutAttr(cert, key, pkcs7.SignerInfoConfig{})
	}
	if err != nil {
		return nil, err
	}
	return sd.Finish()
}
