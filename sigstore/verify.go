package sigstore

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
)

// MaxBundleSize is the size in bytes above which a bundle is refused. The
// largest of CPython's has 16 KiB.
const MaxBundleSize = 1 << 20

// Verifier checks bundles against one trust root. It is safe for concurrent use.
type Verifier struct {
	root    *TrustRoot
	plain   *verify.Verifier // for bundles without RFC 3161 timestamps
	stamped *verify.Verifier // for bundles with
}

// NewVerifier returns a Verifier that stands on the trust root.
func NewVerifier(t *TrustRoot) (*Verifier, error) {
	v := &Verifier{root: t}
	var err error
	if v.plain, err = verify.NewVerifier(t.material, checks(certificateSigned)...); err != nil {
		return nil, fmt.Errorf("trust root %s: %w", t.source, err)
	}
	if v.stamped, err = verify.NewVerifier(t.material, checks(certificateSigned|stamped)...); err != nil {
		return nil, fmt.Errorf("trust root %s: %w", t.source, err)
	}
	return v, nil
}

// form is what decides which checks a bundle can be put to.
type form uint8

const (
	certificateSigned form = 1 << iota
	stamped                // it has RFC 3161 timestamps, and the trust root authorities to judge them
	timeless               // it has nothing that says when; allowed with a managed key only
	unlogged               // neither it nor the trust root has to do with a log; with a managed key only
)

// checks returns every check of the library that applies to bundles of a form.
func checks(f form) []verify.VerifierOption {
	var options []verify.VerifierOption
	if f&unlogged == 0 {
		options = append(options, verify.WithTransparencyLog(1))
	}
	if f&timeless != 0 {
		// A managed key has no validity that a time could fall out of. The
		// library takes this option only by itself.
		return append(options, verify.WithNoObserverTimestamps())
	}
	options = append(options, verify.WithObserverTimestamps(1))
	if f&stamped != 0 {
		// Otherwise the library would pass over a timestamp that does not
		// hold if the log's time does, against its own specification and
		// unlike sigstore-python.
		options = append(options, verify.WithSignedTimestamps(1))
	}
	if f&certificateSigned != 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	return options
}

// Verify checks a bundle against the SHA-256 digest of an artifact. It never
// fails: whatever is wrong with the bundle, or with the policy, is in the result.
//
// Good comes from the library's whole verification only: signature, certificate
// chain, certificate timestamp, log entry, time and identity in one call. Where
// that fails, its stages are gone through one by one to find out why.
func (v *Verifier) Verify(data []byte, digest [32]byte, p Policy) Result {
	pb, r := parse(data)
	if pb == nil {
		return r
	}
	if err := p.Validate(); err != nil {
		return r.with(Unchecked, BadPolicy, "%s", oneLine(err))
	}
	if s, reason, detail := compareDigest(pb, digest); s != Good {
		return r.with(s, reason, "%s", detail)
	}
	if r.BundleVersion == "0.1" {
		if old, found := withoutIncompleteProofs(pb); found {
			return v.judgeByPromise(old, digest, p, r)
		}
	}
	return v.judge(pb, digest, p, r)
}

// with returns the result with its outcome set.
func (r Result) with(s Status, reason Reason, format string, a ...any) Result {
	r.Status, r.Reason, r.Detail = s, reason, fmt.Sprintf(format, a...)
	return r
}

// statementTypes are the versions of in-toto's statement. What the subject of
// any other is, nobody knows; the library takes them all.
var statementTypes = []string{"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"}

// compareDigest tells whether a bundle is about the artifact; Good if it is.
// The digest in a bundle is its own claim, which the signature then has to
// bear out.
func compareDigest(pb *protobundle.Bundle, digest [32]byte) (Status, Reason, string) {
	content, err := (&bundle.Bundle{Bundle: pb}).SignatureContent()
	if err != nil {
		return Malformed, NotABundle, oneLine(err)
	}
	if envelope := content.EnvelopeContent(); envelope != nil {
		statement, err := envelope.Statement()
		if err != nil {
			return Malformed, NotABundle, "envelope without in-toto statement: " + oneLine(err)
		}
		if t := statement.GetType(); !slices.Contains(statementTypes, t) {
			return Malformed, NotABundle, fmt.Sprintf("envelope with a statement of type %+q, which is none of in-toto's", oneLine(errors.New(t)))
		}
		found := false
		for _, subject := range statement.GetSubject() {
			claimed, ok := subject.GetDigest()["sha256"]
			found = found || ok
			if raw, err := hex.DecodeString(claimed); err == nil && bytes.Equal(raw, digest[:]) {
				return Good, "", ""
			}
		}
		if !found {
			return Incompatible, OtherHash, "the statement names no SHA-256 digest of its subject"
		}
		return DigestMismatch, "", "the statement is about other files"
	}
	claimed := pb.GetMessageSignature().GetMessageDigest()
	switch name := hashName(claimed.GetAlgorithm()); {
	case name == "":
		return Malformed, NotABundle, "the bundle does not say what its digest is of"
	case name != "SHA-256":
		return Incompatible, OtherHash, fmt.Sprintf("signed over %s; only SHA-256 can be compared with the artifact's digest", name)
	case len(claimed.GetDigest()) != len(digest):
		return Malformed, NotABundle, fmt.Sprintf("a SHA-256 digest of %d bytes", len(claimed.GetDigest()))
	}
	if !bytes.Equal(claimed.GetDigest(), digest[:]) {
		return DigestMismatch, "", fmt.Sprintf("the bundle is for SHA-256 %x", claimed.GetDigest())
	}
	return Good, "", ""
}

// judgeByPromise judges a v0.1 bundle whose inclusion proof lacks the
// checkpoint, by a copy of it without the proof: v0.1 asks for a promise only.
// What fails without regard to the log fails for good; else the bundle is
// incompatible, whether or not its promise holds.
func (v *Verifier) judgeByPromise(pb *protobundle.Bundle, digest [32]byte, p Policy, r Result) Result {
	got := v.judge(pb, digest, p, r)
	old := r.with(Incompatible, NoCheckpoint, "inclusion proof without checkpoint")
	switch {
	case got.Status == Good || got.Status == WrongIdentity:
		old.PromiseHolds = true
		old.PromiseIdentity = got.Identity
		old.Detail += "; its inclusion promise holds: old, not forged"
		return old
	case got.Reason == BadLogEntry || got.Reason == BadTimestamp || got.Reason == UntrustedLog || got.Reason == UntrustedTime:
		old.Detail += "; nor does its inclusion promise hold: " + got.Detail
		return old
	default:
		return got
	}
}

// judge verifies a parsed bundle whose digest is the artifact's.
func (v *Verifier) judge(pb *protobundle.Bundle, digest [32]byte, p Policy, r Result) Result {
	var unreadable error
	b, err := bundle.NewBundle(pb)
	if err != nil {
		if unreadable = unreadableEntry(pb); unreadable == nil {
			return r.with(Malformed, NotABundle, "%s", oneLine(err))
		}
		b = &bundle.Bundle{Bundle: pb}
	}
	content, err := b.VerificationContent()
	if err != nil {
		return r.with(Malformed, NotABundle, "%s", oneLine(err))
	}
	if withKey := content.Certificate() == nil; withKey != (p.Key != nil) {
		if withKey {
			return r.with(Untrusted, UnexpectedKind, "signed with a bare key where a certificate is needed")
		}
		return r.with(Untrusted, UnexpectedKind, "signed with a certificate where a managed key is needed")
	}

	c := check{bundle: b, content: content, digest: digest, unreadable: unreadable}
	var policy []verify.PolicyOption
	if p.Key == nil {
		c.material, c.verifier = v.root.material, v.plain
		if v.canJudgeStamps(pb) {
			c.verifier = v.stamped
		}
		policy, err = p.options()
	} else {
		r.KeyAlgorithm = keyName(p.Key)
		r.DeprecatedP384 = r.KeyAlgorithm == "ECDSA-P384" && r.HashAlgorithm == "SHA-256"
		if _, ok := p.Key.(ed25519.PublicKey); ok && pb.GetMessageSignature() != nil {
			return r.with(Incompatible, OtherHash, "an Ed25519 signature is over the artifact itself, not over its SHA-256 digest")
		}
		policy = []verify.PolicyOption{verify.WithKey()}
		err = c.useKey(v, pb, p.Key)
	}
	if err != nil {
		return r.with(Unchecked, BadPolicy, "%s", oneLine(err))
	}

	if unreadable != nil {
		return v.refused(c, unreadable, p.Time, r)
	}
	verified, err := c.run(policy...)
	if err == nil {
		return r.verified(Good, c, verified)
	}
	if noMatch := new(verify.ErrNoMatchingCertificateIdentity); errors.As(err, &noMatch) {
		// That everything else holds is not taken from the order of the
		// library's checks.
		if verified, err = c.run(verify.WithoutIdentitiesUnsafe()); err == nil {
			r = r.verified(WrongIdentity, c, verified)
			r.Detail = fmt.Sprintf("signed by %+q, issuer %+q", r.Identity.SAN, r.Identity.Issuer)
			return r
		}
	}
	return v.refused(c, err, p.Time, r)
}

// refused returns the result of a bundle that the library has refused as a whole
// with the given cause.
func (v *Verifier) refused(c check, cause error, present time.Time, r Result) Result {
	f := c.locate(cause)
	newer := f.unknown && v.isNewer(c, r, present) && c.holdsOtherwise()
	r = r.with(f.status, f.reason, "%s", f.detail)
	r.NewerThanRoot = newer
	return r
}

// isNewer reports whether all times that a bundle claims lie after the trust
// root's date and none after the present. A genuine bundle's lie within minutes
// of each other, so one late time beside an early one is no excuse.
func (v *Verifier) isNewer(c check, r Result, present time.Time) bool {
	times := slices.Clone(r.Timestamps)
	if leaf := c.leaf(); leaf != nil {
		times = append(times, leaf.NotBefore)
	}
	if !r.LogTime.IsZero() {
		times = append(times, r.LogTime)
	}
	if len(times) == 0 {
		return false
	}
	return slices.MinFunc(times, time.Time.Compare).After(v.root.date()) &&
		!slices.MaxFunc(times, time.Time.Compare).After(present)
}

func (v *Verifier) canJudgeStamps(pb *protobundle.Bundle) bool {
	return len(v.root.material.TimestampingAuthorities()) > 0 &&
		len(pb.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps()) > 0
}

// verified returns the result of a bundle that holds: what had been read from
// it is replaced by what was verified.
func (r Result) verified(s Status, c check, v *verify.VerificationResult) Result {
	r.Status = s
	if cert := v.Signature.Certificate; cert != nil {
		r.Identity = Identity{SAN: cert.SubjectAlternativeName, Issuer: cert.Issuer}
	}
	r.LogTime, r.Timestamps = time.Time{}, nil
	for _, t := range v.VerifiedTimestamps {
		when := t.Timestamp.UTC()
		switch {
		case t.Type == "Tlog" && r.LogTime.IsZero():
			r.LogTime = when
		case t.Type == "TimestampAuthority" && !slices.Contains(r.Timestamps, when):
			r.Timestamps = append(r.Timestamps, when)
		}
	}
	if r.HashAlgorithm == "" { // an envelope does not say, so see which check it passed
		hash, _ := c.signatureHash()
		r.HashAlgorithm = hash.String()
		r.DeprecatedP384 = r.KeyAlgorithm == "ECDSA-P384" && hash == crypto.SHA256
	}
	return r
}

// check is one bundle on its way through the library.
type check struct {
	bundle   *bundle.Bundle
	content  verify.VerificationContent
	digest   [32]byte
	material root.TrustedMaterial
	verifier *verify.Verifier
	// unreadable is why a log entry cannot be read; the library then refuses
	// the bundle as a whole, and only its other stages can be looked at.
	unreadable error
	// unlogged says that there is no log to ask: neither the trust root nor the
	// bundle, which a managed key signed, knows one.
	unlogged bool
}

// run is the library's whole verification.
func (c check) run(policy ...verify.PolicyOption) (*verify.VerificationResult, error) {
	return c.verifier.Verify(c.bundle, verify.NewPolicy(verify.WithArtifactDigest("sha256", c.digest[:]), policy...))
}

// useKey makes the check one by managed key, whatever hint the bundle gives.
func (c *check) useKey(v *Verifier, pb *protobundle.Bundle, key crypto.PublicKey) error {
	verifier, err := keyVerifier(key, pb.GetDsseEnvelope() != nil)
	if err != nil {
		return err
	}
	c.material = root.TrustedMaterialCollection{v.root.material, root.NewTrustedPublicKeyMaterial(
		func(string) (root.TimeConstrainedVerifier, error) {
			return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
		})}
	var f form
	if !v.root.names(TransparencyLog) && len(pb.GetVerificationMaterial().GetTlogEntries()) == 0 {
		f |= unlogged
		c.unlogged = true
	}
	if v.canJudgeStamps(pb) {
		f |= stamped
	} else if !c.bundle.HasInclusionPromise() {
		f |= timeless
	}
	c.verifier, err = verify.NewVerifier(c.material, checks(f)...)
	return err
}

// keyVerifier returns the library's verifier for a managed key. Over a digest
// it can only be one of SHA-256; an envelope is hashed as the key demands.
func keyVerifier(key crypto.PublicKey, envelope bool) (signature.Verifier, error) {
	switch key.(type) {
	case *ecdsa.PublicKey, *rsa.PublicKey, ed25519.PublicKey:
	default:
		return nil, fmt.Errorf("policy names a key of type %T; ECDSA, RSA and Ed25519 keys can be used", key)
	}
	if envelope {
		return signature.LoadDefaultVerifier(key)
	}
	return signature.LoadVerifier(key, crypto.SHA256)
}
