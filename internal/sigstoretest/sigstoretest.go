package sigstoretest

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// Sigstore is a private Sigstore. It is safe for concurrent use, but only
// calls in a fixed order give the same bytes each time.
type Sigstore struct {
	seed  string
	start time.Time

	renewed  *root.TransparencyLog // see Renew
	mu       sync.Mutex
	genuine  *authority
	stranger *authority // the same names with other keys: who forges
	serial   int64
}

// New founds a Sigstore whose keys follow from the seed and are valid from
// start on. The start must not lie in the future: a timestamp authority's
// certificate is checked against the time of day.
func New(seed string, start time.Time) (*Sigstore, error) {
	s := &Sigstore{seed: seed, start: start.UTC().Truncate(time.Second), serial: 1000}
	var err error
	if s.genuine, err = newAuthority(seed, s.start); err != nil {
		return nil, fmt.Errorf("sigstoretest: %w", err)
	}
	if s.stranger, err = newAuthority(seed+"/stranger", s.start); err != nil {
		return nil, fmt.Errorf("sigstoretest: %w", err)
	}
	return s, nil
}

// Algorithm is what a signature is made with.
type Algorithm int

// The algorithms.
const (
	P256SHA256 Algorithm = iota // what today's clients make
	P384SHA256                  // deprecated; what CPython's bundles up to v0.2 have
	P384SHA384                  // a bundle over SHA-384: Signing.SHA384 must be given
)

// Log is a kind of transparency log.
type Log int

// The logs.
const (
	RekorV1      Log = iota // promises, proofs, checkpoints, and a time of its own
	RekorV2                 // proofs and checkpoints signed with Ed25519; no time
	RekorV2ECDSA            // the same, signed with ECDSA
	NoLog                   // the bundle has no entry
)

// Flaw is one thing that is wrong with a bundle, everything else being right.
type Flaw string

// The flaws.
const (
	ForgedChain      Flaw = "forged-chain"      // certificate issued by a stranger of the same name
	NoSCT            Flaw = "no-sct"            // certificate without a signed certificate timestamp
	ForgedSCT        Flaw = "forged-sct"        // ... with one that names the log but was not signed by it
	UnknownCTLog     Flaw = "unknown-ct-log"    // ... with one of a stranger's log
	ForgedSignature  Flaw = "forged-signature"  // signature made with another key than the certificate's
	OtherEntry       Flaw = "other-entry"       // log entry, right in itself, of another signature with the same certificate
	UnknownLog       Flaw = "unknown-log"       // entry of a stranger's log
	ForgedPromise    Flaw = "forged-promise"    // inclusion promise not signed by the log
	ForgedProof      Flaw = "forged-proof"      // inclusion proof with one changed bit
	ForgedCheckpoint Flaw = "forged-checkpoint" // checkpoint not signed by the log
	LateEntry        Flaw = "late-entry"        // logged after the certificate had expired
	OtherTimestamp   Flaw = "other-timestamp"   // RFC 3161 timestamp of another signature
	UnknownTSA       Flaw = "unknown-tsa"       // RFC 3161 timestamp of a stranger's authority
	DamagedTimestamp Flaw = "damaged-timestamp" // RFC 3161 timestamp with one changed bit
	LateTimestamp    Flaw = "late-timestamp"    // RFC 3161 timestamp after the certificate had expired
)

// Flaws returns every flaw.
func Flaws() []Flaw {
	return []Flaw{
		ForgedChain, NoSCT, ForgedSCT, UnknownCTLog, ForgedSignature, OtherEntry, UnknownLog, ForgedPromise,
		ForgedProof, ForgedCheckpoint, LateEntry, OtherTimestamp, UnknownTSA, DamagedTimestamp, LateTimestamp,
	}
}

// Applies reports whether a bundle signed like this can have the flaw: there is
// no promise to forge where there is none.
func (f Flaw) Applies(g Signing) bool {
	switch f {
	case "", ForgedSignature:
		return true
	case ForgedChain, NoSCT, ForgedSCT, UnknownCTLog:
		return g.Key == nil
	case LateEntry:
		return g.Key == nil && g.Log == RekorV1
	case LateTimestamp:
		return g.Key == nil && g.Timestamp
	case OtherEntry, UnknownLog:
		return g.Log != NoLog
	case ForgedPromise:
		return g.Log == RekorV1 && !g.WithoutPromise
	case ForgedProof:
		return g.Log != NoLog && !g.WithoutProof
	case ForgedCheckpoint:
		return g.Log != NoLog && !g.WithoutProof && !g.WithoutCheckpoint
	case OtherTimestamp, UnknownTSA, DamagedTimestamp:
		return g.Timestamp
	default:
		return false
	}
}

// NoStatementType leaves the type out of a statement, which in-toto forbids.
const NoStatementType = "none"

// Signing says what to sign and how. Its zero values are what a CPython
// release manager's client does today: a v0.3 bundle with a message signature,
// ECDSA P-256 over SHA-256, and an entry of Rekor v1.
type Signing struct {
	Digest [sha256.Size]byte // SHA-256 of the artifact
	SHA384 [48]byte          // of the artifact, for P384SHA384

	SAN    string    // mail address, or URI if it has "://" in it
	Issuer string    // OIDC issuer
	Time   time.Time // of signing: the certificate is issued then, the log follows within seconds

	// Key signs as a managed key, without certificate: SAN and Issuer are not
	// used, and the bundle holds only Hint. For Rekor v2: ECDSA P-256 only.
	Key  crypto.Signer
	Hint string

	StatementType string // with DSSE: of the statement; "" is in-toto's version 1, NoStatementType none

	Version   string // of the bundle: "0.1", "0.2" or "0.3" ("")
	MediaType string // overrides the usual spelling of that version

	Algorithm    Algorithm
	DSSE         bool // an in-toto statement with the artifact as its subject, not a message signature
	PlainEntry   bool // with DSSE: Rekor v1 knows it as a hashedrekord of what was signed, not as a dsse entry
	IssuerV1Only bool // the issuer only in the old certificate extension

	Log       Log
	Timestamp bool // add an RFC 3161 timestamp; Rekor v2 entries need one

	WithoutPromise    bool // entry without inclusion promise
	WithoutProof      bool // entry without inclusion proof
	WithoutCheckpoint bool // inclusion proof without checkpoint, as python.org's before 2024-09-11

	Flaw Flaw
}

// Sign returns the bundle as JSON, on one line.
func (s *Sigstore) Sign(g Signing) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	signed, err := s.sign(g)
	if err != nil {
		return nil, fmt.Errorf("sigstoretest: %w", err)
	}
	b, err := s.bundle(g, signed)
	if err != nil {
		return nil, fmt.Errorf("sigstoretest: %w", err)
	}
	return marshal(b)
}

// Pair signs as clients did before there were bundles. It returns the contents
// of the .sig file (the signature in base64) and of the .crt file (PEM).
func (s *Sigstore) Pair(g Signing) (sig, crt []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	signed, err := s.sign(g)
	if err != nil {
		return nil, nil, fmt.Errorf("sigstoretest: %w", err)
	}
	if signed.cert == nil {
		return nil, nil, errors.New("sigstoretest: a pair needs a certificate")
	}
	sig = append(base64.StdEncoding.AppendEncode(nil, signed.signature), '\n')
	return sig, signed.pem, nil
}

// ManagedKey returns the ECDSA P-256 key of that name, for Signing.Key.
func (s *Sigstore) ManagedKey(name string) (crypto.Signer, error) {
	key, err := newECDSA(s.seed, "managed/"+name, elliptic.P256())
	if err != nil {
		return nil, fmt.Errorf("sigstoretest: %w", err)
	}
	return key, nil
}

// Renew gives the trust root one more log, with a key that is valid from start
// on and signs nothing: its newest key is of that time then.
func (s *Sigstore) Renew(start time.Time) error {
	key, err := newECDSA(s.seed, "rekor-renewed", elliptic.P256())
	if err != nil {
		return fmt.Errorf("sigstoretest: %w", err)
	}
	l, err := newLog(RekorV1, key)
	if err != nil {
		return fmt.Errorf("sigstoretest: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewed = &root.TransparencyLog{
		BaseURL: "https://renewed.rekor.sigstore.test", ID: l.id, HashFunc: crypto.SHA256,
		PublicKey: l.key.Public(), ValidityPeriodStart: start.UTC(),
	}
	return nil
}

// TrustRoot returns the Sigstore's trusted_root.json.
func (s *Sigstore) TrustRoot() ([]byte, error) {
	a := s.genuine
	// One second apart: the library sorts by start, and by nothing else.
	logs := make(map[string]*root.TransparencyLog)
	for i, kind := range []Log{RekorV1, RekorV2, RekorV2ECDSA} {
		l := a.logs[kind]
		logs[hex.EncodeToString(l.id)] = &root.TransparencyLog{
			BaseURL: l.url(), ID: l.id, HashFunc: crypto.SHA256,
			PublicKey: l.key.Public(), ValidityPeriodStart: s.start.Add(time.Duration(i) * time.Second),
		}
	}
	s.mu.Lock()
	if s.renewed != nil {
		logs[hex.EncodeToString(s.renewed.ID)] = s.renewed
	}
	s.mu.Unlock()
	pkix, err := x509.MarshalPKIXPublicKey(a.ctKey.Public())
	if err != nil {
		return nil, fmt.Errorf("sigstoretest: %w", err)
	}
	ctID := sha256.Sum256(pkix)
	r, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{
			URI: "https://fulcio.sigstore.test", Root: a.root,
			Intermediates: []*x509.Certificate{a.issuer}, ValidityPeriodStart: s.start,
		}},
		map[string]*root.TransparencyLog{hex.EncodeToString(ctID[:]): {
			BaseURL: "https://ctfe.sigstore.test", ID: ctID[:], HashFunc: crypto.SHA256,
			PublicKey: a.ctKey.Public(), ValidityPeriodStart: s.start,
		}},
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{
			URI: "https://timestamp.sigstore.test/api/v1/timestamp", Root: a.tsaRoot,
			Leaf: a.tsa, ValidityPeriodStart: s.start,
		}},
		logs)
	if err != nil {
		return nil, fmt.Errorf("sigstoretest: %w", err)
	}
	data, err := r.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("sigstoretest: %w", err)
	}
	// The library's JSON has white space that differs from build to build.
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return nil, fmt.Errorf("sigstoretest: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
