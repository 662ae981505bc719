package pgp

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/v2"
)

// Hashes is an io.Writer that feeds every hash a signature needs, and a plain
// SHA-256 always, from one read of the artifact. Write the whole artifact to
// it, then verify; verifying leaves it as it is, so that one Hashes serves
// several verifications, also at the same time.
type Hashes struct {
	sha256  hash.Hash
	states  map[hashKey]hash.Hash
	writers []io.Writer
}

// A hashKey says which hash a signature is over. Signatures with the same key
// share one state.
type hashKey struct {
	hash crypto.Hash
	text bool   // line ends are made CRLF before hashing, RFC 9580 section 5.2.1
	salt string // version 6 signatures hash a salt first, RFC 9580 section 5.2.4
}

func keyOf(sig *packet.Signature) hashKey {
	return hashKey{sig.Hash, sig.SigType == packet.SigTypeText, string(sig.Salt())}
}

// overData reports whether the signature is one over data, binary or text.
func overData(sig *packet.Signature) bool {
	return sig.SigType == packet.SigTypeBinary || sig.SigType == packet.SigTypeText
}

// NewHashes returns the hashes that sig needs. A nil sig needs only SHA-256.
func NewHashes(sig *Signature) *Hashes {
	plain := sha256.New()
	h := &Hashes{
		sha256:  plain,
		states:  map[hashKey]hash.Hash{{hash: crypto.SHA256}: plain},
		writers: []io.Writer{plain},
	}
	if sig == nil {
		return h
	}
	for _, p := range sig.packets {
		if p.parsed == nil || !overData(p.parsed) {
			continue
		}
		key := keyOf(p.parsed)
		if _, ok := h.states[key]; ok {
			continue
		}
		state, err := p.parsed.PrepareVerify()
		if err != nil {
			continue // Verify finds no state and says so
		}
		h.states[key] = state
		if key.text {
			// The canonical form goes into state, which is what is signed.
			h.writers = append(h.writers, v2.NewCanonicalTextHash(state))
		} else {
			h.writers = append(h.writers, state)
		}
	}
	return h
}

// Write adds p to every hash. It never fails.
func (h *Hashes) Write(p []byte) (int, error) {
	for _, w := range h.writers {
		w.Write(p) // a hash.Hash never returns an error
	}
	return len(p), nil
}

// SHA256 returns the SHA-256 digest of what was written so far.
func (h *Hashes) SHA256() [sha256.Size]byte {
	return [sha256.Size]byte(h.sha256.Sum(nil))
}

// state returns the state for sig. Checking a signature adds to the state it is
// given, so only clones of this one may be used.
func (h *Hashes) state(sig *packet.Signature) (hash.Hash, error) {
	if h == nil {
		return nil, errors.New("the artifact was not hashed")
	}
	state, ok := h.states[keyOf(sig)]
	if !ok {
		return nil, fmt.Errorf("the artifact was not hashed with %s for this signature", sig.Hash)
	}
	return state, nil
}

// clone copies a hash state. All hashes of the standard library can be copied.
func clone(h hash.Hash) (hash.Hash, error) {
	c, ok := h.(hash.Cloner)
	if !ok {
		return nil, fmt.Errorf("the state of a %d-byte hash cannot be copied", h.Size())
	}
	return c.Clone()
}
