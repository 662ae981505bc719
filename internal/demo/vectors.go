package demo

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"migrate/compare"
	"migrate/internal/sigstoretest"
	"migrate/pgp"
	"migrate/sigstore"
)

// A vector is one artifact with its sidecars that has one thing wrong, or one
// thing unusual, and what is expected of it.
type vector struct {
	name   string
	what   string // one sentence
	base   base
	change change // nil: the base as it is
	expect expectation
}

// An expectation is what the verifiers and the comparison have to say.
type expectation struct {
	pgp            pgp.Status
	pgpReason      pgp.Reason
	sigstore       sigstore.Status
	sigstoreReason sigstore.Reason
	verdict        compare.Verdict
	findings       []compare.Code
}

// A base is an artifact that is well signed both ways.
type base struct {
	artifact string
	key      func(*people) *packet.PrivateKey
	id       sigstore.Identity
	date     time.Time
}

// The bases, one for each kind of signer that a vector needs.
var (
	plain     = base{"Python-3.12.4.tgz", jonasKey, jonas, date(2024, 6, 6)}
	windows   = base{"python-3.12.4-amd64.exe", felix, jonas, date(2024, 6, 6)}
	macos     = base{"python-3.12.4-macos11.pkg", nora, jonas, date(2024, 6, 6)}
	refreshed = base{"Python-3.9.19.tgz", pavelKey, pavel, date(2024, 3, 19)}
	bySubkey  = base{"Python-3.11.9.tgz", maraKey, mara, date(2024, 4, 2)}
	byRevoked = base{"Python-3.8.18.tgz", revokedKey, quentin, date(2022, 8, 24)}
	byRetired = base{"Python-3.8.18.tgz", retiredKey, quentin, date(2022, 8, 24)}
	flagless  = base{"Python-3.8.18.tgz", flaglessKey, quentin, date(2022, 8, 24)}
	byAdopted = base{"Python-3.8.18.tgz", adoptedKey, quentin, date(2022, 8, 24)}
	byExpired = base{"Python-3.8.18.tgz", expiredKey, quentin, date(2022, 8, 24)}
	doubtful  = base{"Python-3.8.18.tgz", doubtfulKey, quentin, date(2022, 8, 24)}
	obscure   = base{"Python-3.8.18.tgz", obscureKey, quentin, date(2022, 8, 24)}
	byBare    = base{"Python-3.8.18.tgz", bareKey, quentin, date(2022, 8, 24)}
	historic  = base{"Python-2.7.18.tgz", ines, nobody, date(2020, 4, 20)}
	ancient   = base{"Python-2.7.5.tgz", inesOld, nobody, date(2013, 5, 15)}
	noPGP     = base{"Python-3.14.0.tgz", jonasKey, yuki, date(2025, 10, 7)}
	workload  = base{"Python-3.16.0.tgz", jonasKey, builder, date(2025, 11, 7)}
	unknown   = base{"Python-3.6.15.tgz", jonasKey, jonas, date(2024, 6, 6)}
)

func revokedKey(p *people) *packet.PrivateKey  { return p.Revoked }
func retiredKey(p *people) *packet.PrivateKey  { return p.Retired }
func flaglessKey(p *people) *packet.PrivateKey { return p.Flagless }
func adoptedKey(p *people) *packet.PrivateKey  { return p.Adopted }
func expiredKey(p *people) *packet.PrivateKey  { return p.Expired }
func doubtfulKey(p *people) *packet.PrivateKey { return p.Doubtful }
func obscureKey(p *people) *packet.PrivateKey  { return p.Obscure }
func bareKey(p *people) *packet.PrivateKey     { return p.Bare }
func strangerKey(p *people) *packet.PrivateKey { return p.Stranger }
func maraPrimary(p *people) *packet.PrivateKey { return p.Mara }

// signed is an artifact with its sidecars, by suffix; the artifact's own suffix
// is "".
type signed struct {
	base
	data  []byte // as it was signed
	files map[string][]byte
}

// vector makes the files of one vector.
func (m *maker) vector(v vector) {
	s := &signed{base: v.base, data: content(v.base.artifact)}
	s.files = map[string][]byte{
		"":          s.data,
		".asc":      m.asc(s.key(m.people), s.data, s.date),
		".sigstore": m.goodBundle(s),
	}
	if v.change != nil {
		v.change(m, s)
	}
	folder := path.Join(vectorsDir, v.name)
	for _, suffix := range slices.Sorted(maps.Keys(s.files)) {
		m.add(path.Join(folder, s.artifact+suffix), s.files[suffix])
	}
	m.add(path.Join(folder, "expect.txt"), v.text())
}

// goodBundle signs a base, once for all vectors.
func (m *maker) goodBundle(s *signed) []byte {
	key := s.artifact + " " + s.id.SAN
	if m.bundles == nil {
		m.bundles = map[string][]byte{}
	}
	if m.bundles[key] == nil {
		m.bundles[key] = m.bundle(s.id, s.data, s.date.Add(time.Hour), sigstoretest.Signing{})
	}
	return m.bundles[key]
}

// text is the vector's expect.txt.
func (v vector) text() []byte {
	var b bytes.Buffer
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	e := v.expect
	fmt.Fprintf(&b, "# %s\n", v.what)
	line("pgp", e.pgp.String())
	line("pgp-reason", string(e.pgpReason))
	line("sigstore", e.sigstore.String())
	line("sigstore-reason", string(e.sigstoreReason))
	line("verdict", e.verdict.String())
	for _, code := range slices.Sorted(slices.Values(e.findings)) {
		line("finding", string(code))
	}
	return b.Bytes()
}

// A change is what a vector does to a base.
type change func(m *maker, s *signed)

// file puts other bytes in the place of a sidecar; nil removes it.
func file(suffix string, data []byte) change {
	return func(_ *maker, s *signed) {
		if data == nil {
			delete(s.files, suffix)
			return
		}
		s.files[suffix] = data
	}
}

// both makes two changes.
func both(a, b change) change {
	return func(m *maker, s *signed) { a(m, s); b(m, s) }
}

// without removes sidecars.
func without(suffixes ...string) change {
	return func(_ *maker, s *signed) {
		for _, suffix := range suffixes {
			delete(s.files, suffix)
		}
	}
}

// resigned makes the .asc anew.
func resigned(by func(*people) *packet.PrivateKey, opts ...option) change {
	return func(m *maker, s *signed) { s.files[".asc"] = m.asc(by(m.people), s.data, s.date, opts...) }
}

// signedAt makes the .asc at another time.
func signedAt(at time.Time) change {
	return func(m *maker, s *signed) { s.files[".asc"] = m.asc(s.key(m.people), s.data, at) }
}

// editedAsc changes the text of the .asc.
func editedAsc(edit func([]byte) []byte) change {
	return func(_ *maker, s *signed) { s.files[".asc"] = edit(s.files[".asc"]) }
}

// editedPacket changes the contents of the signature packet.
func editedPacket(f func(body []byte) ([]byte, error)) change {
	return packed(func(m *maker, s *signed) ([]byte, error) {
		serialized, err := signPackets(s.key(m.people), s.data, s.date)
		if err != nil {
			return nil, err
		}
		return edit(serialized, f)
	})
}

// packed makes the .asc of packets.
func packed(f func(m *maker, s *signed) ([]byte, error)) change {
	return func(m *maker, s *signed) {
		serialized, err := f(m, s)
		if m.ok(err) {
			s.files[".asc"], err = enarmor("PGP SIGNATURE", serialized)
			m.ok(err)
		}
	}
}

// bundled makes the bundle anew.
func bundled(g sigstoretest.Signing) change {
	return func(m *maker, s *signed) { s.files[".sigstore"] = m.bundle(s.id, s.data, s.date.Add(time.Hour), g) }
}

// bundledBy makes the bundle anew, by somebody else.
func bundledBy(id sigstore.Identity) change {
	return func(m *maker, s *signed) {
		s.files[".sigstore"] = m.bundle(id, s.data, s.date.Add(time.Hour), sigstoretest.Signing{})
	}
}

// editedBundle replaces a piece of the bundle's text.
func editedBundle(f func(bundle []byte) ([]byte, error)) change {
	return func(m *maker, s *signed) {
		data, err := f(s.files[".sigstore"])
		m.ok(err)
		s.files[".sigstore"] = data
	}
}

// unbundled puts the .sig and .crt pair that it could have been made of in the
// place of the bundle, the .sig as the signature is spelled.
func unbundled(spell func(signature []byte) []byte) change {
	return func(m *maker, s *signed) {
		var bundle struct {
			VerificationMaterial struct{ Certificate struct{ RawBytes []byte } }
			MessageSignature     struct{ Signature []byte }
		}
		m.ok(json.Unmarshal(s.files[".sigstore"], &bundle))
		delete(s.files, ".sigstore")
		s.files[".sig"] = spell(bundle.MessageSignature.Signature)
		s.files[".crt"] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: bundle.VerificationMaterial.Certificate.RawBytes})
	}
}

// changed changes the artifact after it was signed.
func changed(f func(data []byte) []byte) change {
	return func(_ *maker, s *signed) { s.files[""] = f(bytes.Clone(s.data)) }
}

// onPGP is an expectation whose bundle is good.
func onPGP(s pgp.Status, why pgp.Reason, v compare.Verdict, codes ...compare.Code) expectation {
	return expectation{pgp: s, pgpReason: why, sigstore: sigstore.Good, verdict: v, findings: codes}
}

// onSigstore is an expectation whose PGP signature is good.
func onSigstore(s sigstore.Status, why sigstore.Reason, v compare.Verdict, codes ...compare.Code) expectation {
	return expectation{pgp: pgp.Good, sigstore: s, sigstoreReason: why, verdict: v, findings: codes}
}

// refusedPGP is that PGP refuses what Sigstore accepts.
func refusedPGP(s pgp.Status, why pgp.Reason, codes ...compare.Code) expectation {
	return onPGP(s, why, compare.Conflict, append(codes, "compare/conflict")...)
}

// malformedPGP is that there is no PGP signature to check beside a good bundle.
func malformedPGP(why pgp.Reason, codes ...compare.Code) expectation {
	return onPGP(pgp.Malformed, why, compare.Unchecked, append(codes, "pgp/malformed")...)
}

// malformedSigstore is that there is no bundle to check beside a good .asc.
func malformedSigstore(why sigstore.Reason, codes ...compare.Code) expectation {
	return onSigstore(sigstore.Malformed, why, compare.Unchecked, append(codes, "sigstore/malformed")...)
}

// refusedSigstore is that Sigstore refuses what PGP accepts.
func refusedSigstore(s sigstore.Status, why sigstore.Reason, codes ...compare.Code) expectation {
	return onSigstore(s, why, compare.Conflict, append(codes, "compare/conflict")...)
}

func replace(data []byte, old, new string) ([]byte, error) {
	if n := bytes.Count(data, []byte(old)); n != 1 {
		return nil, fmt.Errorf("%q stands there %d times, not once", old, n)
	}
	return []byte(strings.Replace(string(data), old, new, 1)), nil
}
