package pkcs11

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/miekg/pkcs11"
)

// Module is a loaded library. Its methods may be called from anywhere; they wait
// for each other.
type Module struct {
	mu     sync.Mutex
	ctx    *pkcs11.Ctx
	logins map[string]pkcs11.SessionHandle // by serial: open and logged in
}

// Library says what was loaded.
type Library struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Libraries are where the maker of the Rutoken puts its library on this system.
func Libraries() []string {
	switch runtime.GOOS {
	case "darwin":
		return []string{"/Library/Frameworks/rtpkcs11ecp.framework/rtpkcs11ecp"}
	case "windows":
		root := os.Getenv("SystemRoot")
		if root == "" {
			root = `C:\Windows`
		}
		return []string{root + `\System32\rtPKCS11ECP.dll`}
	}
	return []string{"/usr/lib/librtpkcs11ecp.so", "/usr/lib64/librtpkcs11ecp.so", "/opt/aktivco/rutokenecp/amd64/librtpkcs11ecp.so"}
}

// Open loads a library and initialises it. The library must not have been
// initialised in this process, nor in one that this process was forked from.
func Open(path string) (*Module, error) {
	ctx := pkcs11.New(path)
	if ctx == nil {
		return nil, Refuse(LoadFailed, "%s cannot be loaded", path)
	}
	if err := ctx.Initialize(); err != nil {
		ctx.Destroy()
		return nil, Refuse(LoadFailed, "C_Initialize: %v", err)
	}
	return &Module{ctx: ctx, logins: map[string]pkcs11.SessionHandle{}}, nil
}

// Close ends every login and unloads the library.
func (m *Module) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for serial := range m.logins {
		m.drop(serial)
	}
	_ = m.ctx.Finalize()
	m.ctx.Destroy()
}

// Library describes what was loaded.
func (m *Module) Library() (Library, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	info, err := m.ctx.GetInfo()
	if err != nil {
		return Library{}, failed("C_GetInfo", err)
	}
	return Library{Name: strings.TrimSpace(info.LibraryDescription), Version: versionText(info.LibraryVersion)}, nil
}

func versionText(v pkcs11.Version) string {
	return strconv.Itoa(int(v.Major)) + "." + strconv.Itoa(int(v.Minor))
}
