package workflow

import (
	"sync"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
)

// mostKept bounds how many signed answers a process keeps, about a kilobyte
// each.
const mostKept = 100_000

// keptAnswer is what was last read of a certificate and, once somebody has asked
// without a nonce, the answer to that.
type keptAnswer struct {
	standing ca.Standing
	at       time.Time   // the rules' clock
	answer   *OCSPAnswer // nil: only asked with nonces
	signer   *ca.OCSPSigner
}

// fresh says that it is not to be read anew.
func (k *keptAnswer) fresh(now time.Time) bool { return k.younger(now, answerAnew) }

func (k *keptAnswer) younger(now time.Time, most time.Duration) bool {
	if k == nil {
		return false
	}
	age := now.Sub(k.at)
	return age >= 0 && age < most
}

// ready says that its answer, of a signer, may be given for a while yet.
func (k *keptAnswer) ready(now time.Time, most time.Duration, signer *ca.OCSPSigner) bool {
	return k.younger(now, most) && k.answer != nil && k.signer == signer
}

// keptAnswers are answers signed ahead, by the DER of what is asked about. An
// answer is put only if nothing has changed since the database was asked for
// it: the change that was committed meanwhile has passed already, and would not
// take it away again.
type keptAnswers struct {
	mu      sync.RWMutex
	byID    map[string]*keptAnswer
	ids     map[registry.Serial][]string
	changes uint64 // how often answers were forgotten
}

func (k *keptAnswers) init() {
	k.byID, k.ids = map[string]*keptAnswer{}, map[registry.Serial][]string{}
}

// get returns what is kept, and how many changes there were until now.
func (k *keptAnswers) get(id []byte) (*keptAnswer, uint64) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.byID[string(id)], k.changes
}

func (k *keptAnswers) put(id []byte, serial registry.Serial, a *keptAnswer, changes uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.changes != changes {
		return
	}
	key := string(id)
	if _, there := k.byID[key]; !there {
		if len(k.byID) >= mostKept {
			for old := range k.ids { // any
				k.drop(old)
				break
			}
		}
		k.ids[serial] = append(k.ids[serial], key)
	}
	k.byID[key] = a
}

func (k *keptAnswers) forget(serials []registry.Serial) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changes++
	for _, s := range serials {
		k.drop(s)
	}
}

func (k *keptAnswers) forgetAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changes++
	clear(k.byID)
	clear(k.ids)
}

func (k *keptAnswers) drop(s registry.Serial) {
	for _, id := range k.ids[s] {
		delete(k.byID, id)
	}
	delete(k.ids, s)
}

func (k *keptAnswers) len() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.byID)
}
