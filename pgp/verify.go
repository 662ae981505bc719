package pgp

import (
	"bytes"
	"cmp"
	"crypto"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/v2"
)

// Policy says whose signatures are accepted, and when.
type Policy struct {
	// Signers are the accepted certificates, by full fingerprint of the primary
	// key. If there are none, nobody is accepted.
	Signers []Fingerprint
	// Time is now. It is required: without it nothing is checked. A signature
	// dated later is from the future, however good it is otherwise.
	Time time.Time
}

func (p Policy) accepts(f Fingerprint) bool {
	return slices.Contains(p.Signers, f)
}

// strict is the library's own policy.
func strict(now time.Time) *packet.Config {
	return &packet.Config{Time: func() time.Time { return now }}
}

// relaxed is strict without its policy on algorithms and key flags. What it
// accepts and strict does not is valid but weak. Maps that are empty but not
// nil reject nothing.
func relaxed(now time.Time) *packet.Config {
	c := strict(now)
	relaxHash(c)
	relaxKey(c)
	relaxFlags(c)
	return c
}

func relaxHash(c *packet.Config) {
	c.RejectHashAlgorithms = map[crypto.Hash]bool{}
	c.RejectMessageHashAlgorithms = map[crypto.Hash]bool{}
}

func relaxKey(c *packet.Config) {
	c.RejectPublicKeyAlgorithms = map[packet.PublicKeyAlgorithm]bool{}
	c.RejectCurves = map[packet.Curve]bool{}
	c.MinRSABits = 1
}

func relaxFlags(c *packet.Config) {
	c.InsecureAllowAllKeyFlagsWhenMissing = true
}

// Verify checks a signature file against the artifact that was written to h. A
// nil sig is a missing one.
//
// Each signature packet is checked against each certificate that has a key of
// the issuer it names. The name serves to find candidates and proves nothing;
// each candidate is judged alone, as a ring of one, because a certificate that
// adopts somebody else's key spoils the library's answer for the whole ring.
//
// The answers are ranked, and the first in this order is the result: good,
// good-refreshed, weak, wrong-signer, rejected, bad, unchecked, unknown-key,
// unsupported. So a file is good if any of its signatures is good by an accepted
// signer, and otherwise the answer that says most is given. Among equals a
// certificate that surely made the signature comes before one that only claims
// the key, an accepted one before another, and then the order of the packets
// and of the fingerprints decides. A file that is malformed anywhere is malformed.
//
// Good, GoodRefreshed and Weak are given only for certificates that p accepts:
// what would be one of them by another certificate of the keyring is
// WrongSigner, with the signer filled in and what is weak in Weaknesses. A
// signature that no configuration accepts keeps its status whoever made it.
//
// GoodRefreshed is given under these conditions, all of them established with
// the library's own checks: the signature is right and dated neither before its
// keys nor after now; the certificate was not revoked; it has no self-signature
// (or, for a subkey, the subkey has no binding) as old as the signature; and the
// strict configuration accepts the signature with the key as it was at the time
// of the oldest self-signature at hand.
func (k *Keyring) Verify(sig *Signature, h *Hashes, p Policy) Result {
	switch {
	case sig == nil:
		return Result{Status: Missing, Detail: "there is no signature"}
	case sig.fault != nil:
		return *sig.fault
	case p.Time.IsZero():
		return Result{Status: Unchecked, Detail: "the policy says no time", Signatures: len(sig.packets)}
	}
	compare := func(a, b Result) int { return slices.Compare(p.rank(a), p.rank(b)) }
	var answers []Result // the best about each packet
	for _, sp := range sig.packets {
		answers = append(answers, slices.MinFunc(k.verifyPacket(sp, h, p), compare))
	}
	first := 0 // of the best
	for i := range answers {
		if compare(answers[i], answers[first]) < 0 {
			first = i
		}
	}
	best, others := answers[first], []Status(nil)
	for i, a := range answers {
		if i != first {
			others = append(others, a.Status)
		}
	}
	best.Signatures, best.Others = len(sig.packets), others
	return best
}

// ranking is the order in which the answers of several packets and
// certificates are preferred.
var ranking = [...]Status{Good, GoodRefreshed, Weak, WrongSigner, Rejected, Bad, Unchecked, UnknownKey, Unsupported}

func (p Policy) rank(r Result) []int {
	not := func(b bool) int {
		if b {
			return 0
		}
		return 1
	}
	return []int{slices.Index(ranking[:], r.Status), not(r.Certificate != ""), not(p.accepts(r.Certificate))}
}

// verifyPacket checks one signature packet against every certificate that may
// have made it. It returns at least one result.
func (k *Keyring) verifyPacket(sp signaturePacket, h *Hashes, p Policy) []Result {
	if sp.fault != nil {
		return []Result{*sp.fault}
	}
	r := sp.facts
	if !overData(sp.parsed) {
		r.Status, r.Reason = Rejected, WrongUsage
		r.Detail = fmt.Sprintf("a signature of type 0x%02X, which is not one over data", uint8(sp.parsed.SigType))
		return []Result{r}
	}
	state, err := h.state(sp.parsed)
	if err != nil {
		r.Status, r.Reason, r.Detail = Unchecked, NoBytes, err.Error()
		return []Result{r}
	}
	var results []Result
	for _, c := range k.sorted() {
		keys := c.candidates(sp.parsed)
		if len(keys) == 0 {
			continue
		}
		v := verification{cert: c, packet: sp, state: state, policy: p}
		results = append(results, v.result(keys))
	}
	// A certificate that surely made it silences those that only claim the key.
	if slices.ContainsFunc(results, func(r Result) bool { return r.Certificate != "" }) {
		results = slices.DeleteFunc(results, func(r Result) bool { return r.SigningKey != "" && r.Certificate == "" })
	}
	if len(results) == 0 {
		r.Status, r.Detail = UnknownKey, fmt.Sprintf("the key %s is not at hand", r.Issuer)
		return []Result{r}
	}
	return results
}

// candidates returns the keys of the certificate that a signature names as its
// issuer. The library looks for the key ID, so a fingerprint must agree with it.
func (c *certificate) candidates(sig *packet.Signature) []*packet.PublicKey {
	var keys []*packet.PublicKey
	for _, key := range c.keys {
		if key.KeyId == *sig.IssuerKeyId && sig.CheckKeyIdOrFingerprint(key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// A verification is one signature packet checked against one certificate.
type verification struct {
	cert   *certificate
	packet signaturePacket
	state  hash.Hash // over the artifact; only ever cloned
	policy Policy
}

// result says what is to be said of the signature and the certificate, some
// keys of which the signature names.
func (v verification) result(keys []*packet.PublicKey) Result {
	r := v.packet.facts
	made := slices.IndexFunc(keys, v.madeBy)
	if made < 0 {
		r.Status = Bad
		r.Detail = fmt.Sprintf("it does not verify with the key %s it names: the file or the signature was changed", r.Issuer)
		return r
	}
	key := keys[made]
	return v.doubted(v.judged(key), key)
}

// judged says what is to be said of the signature that the key made, going by
// what can be read of the certificate.
func (v verification) judged(key *packet.PublicKey) Result {
	r := v.packet.facts
	// Only what the library accepts as a whole gets beyond Rejected.
	status, at := Good, time.Time{}
	signer, err := v.judge(strict(v.policy.Time), at)
	var refreshed time.Time
	if err != nil {
		refreshed = v.refreshed(key)
		status, at, signer, err = v.appeal(refreshed)
	}
	if err != nil {
		v.describe(&r, key)
		r.Status = Rejected
		r.Reason, r.Detail = v.objection(key, refreshed)
		return r
	}

	v.describe(&r, signer)
	if life := v.packet.parsed.SigLifetimeSecs; life != nil && *life != 0 {
		r.Expires = r.Created.Add(time.Duration(*life) * time.Second)
	}
	r.KeyExpiredSince, r.KeyRevokedSince = v.cert.since(signer, v.policy.Time)
	r.Status = status
	if status == Weak {
		r.Weaknesses = v.weaknesses(at)
	}
	if v.packet.parsed.SigType == packet.SigTypeText {
		r.Status, r.Weaknesses = Weak, append(r.Weaknesses, TextMode)
	}
	switch r.Status {
	case GoodRefreshed:
		r.Detail = fmt.Sprintf("the key has been refreshed since: the oldest self-signature at hand is of %s", day(at))
	case Weak:
		r.Detail = "valid but weak: " + r.weakDetail()
		if !at.IsZero() {
			r.Detail += fmt.Sprintf("; the key has been refreshed since (%s)", day(at))
		}
	}
	if !v.policy.accepts(r.Certificate) {
		r.Status = WrongSigner
		r.Detail = fmt.Sprintf("valid, but made by %q, whose key is not accepted here", cmp.Or(r.UserID, string(r.Certificate)))
		if len(r.Weaknesses) > 0 {
			r.Detail += "; weak besides: " + r.weakDetail()
		}
	}
	return r
}

// appeal judges a signature that the strict configuration refused: with the key
// as it was at refreshed, unless that is zero, and with the relaxed configuration.
func (v verification) appeal(refreshed time.Time) (status Status, at time.Time, signer *packet.PublicKey, err error) {
	now := v.policy.Time
	if !refreshed.IsZero() {
		if signer, err = v.judge(strict(now), refreshed); err == nil {
			return GoodRefreshed, refreshed, signer, nil
		}
	}
	if signer, err = v.judge(relaxed(now), time.Time{}); err == nil {
		return Weak, time.Time{}, signer, nil
	}
	if !refreshed.IsZero() {
		if signer, err = v.judge(relaxed(now), refreshed); err == nil {
			return Weak, refreshed, signer, nil
		}
	}
	return Rejected, time.Time{}, nil, err
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// madeBy reports whether the key made the signature, whatever the key is worth.
func (v verification) madeBy(key *packet.PublicKey) bool {
	h, err := clone(v.state)
	return err == nil && key.VerifySignature(h, v.packet.parsed) == nil
}

// describe fills in who made the signature.
func (v verification) describe(r *Result, key *packet.PublicKey) {
	r.SigningKey = fingerprint(key)
	r.Algorithm = algorithm(key)
	if e, err := v.cert.entity(); err != nil || !belongs(e, key) {
		return
	}
	r.Certificate = v.cert.fingerprint
	if d := v.cert.describe(); len(d.UserIDs) > 0 {
		r.UserID = d.UserIDs[0]
	}
}

// judge lets the library check the signature against the certificate, and
// returns the key that made it. It never takes bytes from anywhere but the
// state: the library is given an empty stream, and a copy of the finished state
// in place of the one it would have fed from the stream. This is no documented
// use; TestInjection pins it.
//
// If at is not zero, the library judges the key at that time instead of the
// signature's own. The signed bytes stay what they are. Every other check that
// depends on the signature's time is made by refreshed, which alone gives the time.
func (v verification) judge(config *packet.Config, at time.Time) (*packet.PublicKey, error) {
	e, err := v.cert.entity()
	if err != nil {
		return nil, err
	}
	// Where a binding has no key flags, the relaxed configuration lets it pass
	// for a signing key's without a back-signature; the library then panics.
	for _, sub := range e.Subkeys {
		if sub.PublicKey.KeyId != *v.packet.parsed.IssuerKeyId {
			continue
		}
		when := v.packet.parsed.CreationTime
		if !at.IsZero() {
			when = at
		}
		if b, err := sub.LatestValidBindingSignature(when, config); err == nil && b.EmbeddedSignature == nil {
			return nil, errNotBound
		}
	}
	md, err := v2.VerifyDetachedSignatureReader(v2.EntityList{e}, bytes.NewReader(nil), bytes.NewReader(v.packet.serialized), config)
	if err != nil {
		return nil, err
	}
	if len(md.SignatureCandidates) != 1 {
		return nil, fmt.Errorf("the library sees %d signatures in one packet", len(md.SignatureCandidates))
	}
	candidate := md.SignatureCandidates[0]
	state, err := clone(v.state)
	if err != nil {
		return nil, err
	}
	candidate.Hash, candidate.WrappedHash = state, state
	if !at.IsZero() {
		candidate.CorrespondingSig.CreationTime = at
	}
	if _, err := io.Copy(io.Discard, md.UnverifiedBody); err != nil {
		return nil, err
	}
	// SignatureError is nil before the check as well as after a good one.
	switch {
	case md.SignatureError != nil:
		return nil, md.SignatureError
	case !md.IsVerified || md.Signature == nil || md.SignedBy == nil || md.SignedBy.Entity != e:
		return nil, errors.New("the library did not check the signature")
	}
	signer := md.SignedBy.PublicKey
	// Without key flags the library does not look at the back-signature either,
	// and so would let a certificate adopt anybody's key.
	if !belongs(e, signer) {
		return nil, errNotBound
	}
	return signer, nil
}

var errNotBound = errors.New("the subkey never confirmed that it belongs to the certificate")

// findSubkey returns the subkey of e that is key, or nil if key is e's primary key.
func findSubkey(e *v2.Entity, key *packet.PublicKey) *v2.Subkey {
	if bytes.Equal(key.Fingerprint, e.PrimaryKey.Fingerprint) {
		return nil
	}
	for i := range e.Subkeys {
		if bytes.Equal(key.Fingerprint, e.Subkeys[i].PublicKey.Fingerprint) {
			return &e.Subkeys[i]
		}
	}
	return nil
}

// belongs reports whether key is e's primary key or a subkey with a binding
// that both keys signed. RFC 9580 section 10.1.5 asks that of signing subkeys,
// and the library checks it where the binding is marked as one of a signing
// subkey.
func belongs(e *v2.Entity, key *packet.PublicKey) bool {
	sub := findSubkey(e, key)
	if sub == nil {
		return bytes.Equal(key.Fingerprint, e.PrimaryKey.Fingerprint)
	}
	return slices.ContainsFunc(sub.Bindings, func(b *packet.VerifiableSignature) bool {
		marked := *b.Packet
		marked.FlagSign = true
		return e.PrimaryKey.VerifyKeySignature(sub.PublicKey, &marked) == nil
	})
}

// weaknesses says which parts of the strict configuration refuse what the
// relaxed one accepts: each is put back alone.
func (v verification) weaknesses(at time.Time) []Weakness {
	var found []Weakness
	for _, part := range []struct {
		weakness Weakness
		relax    []func(*packet.Config)
	}{
		{WeakHash, []func(*packet.Config){relaxKey, relaxFlags}},
		{WeakKey, []func(*packet.Config){relaxHash, relaxFlags}},
		{NoKeyFlags, []func(*packet.Config){relaxHash, relaxKey}},
	} {
		config := strict(v.policy.Time)
		for _, relax := range part.relax {
			relax(config)
		}
		if _, err := v.judge(config, at); err != nil {
			found = append(found, part.weakness)
		}
	}
	if len(found) == 0 {
		return []Weakness{WeakOther}
	}
	return found
}

// weakDetail puts the weaknesses into words.
func (r Result) weakDetail() string {
	var words []string
	for _, w := range r.Weaknesses {
		switch w {
		case WeakHash:
			words = append(words, "it is made with "+r.Hash)
		case WeakKey:
			words = append(words, "the key is "+r.Algorithm)
		case NoKeyFlags:
			words = append(words, "the key does not say that it may sign")
		case TextMode:
			words = append(words, "it is over text, and fits a file with other line ends too")
		default:
			words = append(words, "the library's strict policy refuses it")
		}
	}
	return strings.Join(words, ", ")
}

// refreshed returns the time at which to judge a key whose self-signatures have
// all been replaced since it made the signature: the time of the oldest one at
// hand. It returns zero unless that is the only thing wrong; everything is
// checked here that judge cannot check because it sees another time.
func (v verification) refreshed(key *packet.PublicKey) time.Time {
	sig, now := v.packet.parsed, v.policy.Time
	made := sig.CreationTime
	config := relaxed(now)
	e, err := v.cert.entity()
	if err != nil || sig.SigExpired(now) || // expired, or from the future
		made.Before(e.PrimaryKey.CreationTime) || made.Before(key.CreationTime) ||
		e.Revoked(made) {
		return time.Time{}
	}

	at := made
	oldest := oldestSelfSignature(e, made, config)
	switch {
	case oldest.IsZero():
		return time.Time{}
	case oldest.After(made):
		at = oldest
		// A direct key signature may be older, and say that the key had expired.
		if direct, err := e.LatestValidDirectSignature(made, config); err == nil && e.PrimaryKey.KeyExpired(direct, made) {
			return time.Time{}
		}
	default:
		if _, err := e.VerifyPrimaryKey(made, config); err != nil {
			return time.Time{}
		}
	}

	if sub := findSubkey(e, key); sub != nil {
		if sub.Revoked(nil, made) {
			return time.Time{}
		}
		oldest := oldestBinding(e, sub)
		switch {
		case oldest.IsZero():
			return time.Time{}
		case oldest.After(made):
			if oldest.After(at) {
				at = oldest
			}
		default:
			if _, err := sub.Verify(made, config); err != nil {
				return time.Time{}
			}
		}
	}
	// Nothing is newer than the signature, or what is newer is from the future.
	if !at.After(made) || at.After(now) {
		return time.Time{}
	}
	return at
}

// oldestSelfSignature returns when the oldest cryptographically valid
// self-signature was made on a user ID that was not revoked at the given time,
// or, for version 6, on the key itself. It returns zero if there is none.
func oldestSelfSignature(e *v2.Entity, when time.Time, config *packet.Config) time.Time {
	var oldest time.Time
	if e.PrimaryKey.Version == 6 {
		for _, s := range e.DirectSignatures {
			if e.PrimaryKey.VerifyDirectKeySignature(s.Packet) == nil {
				oldest = earlier(oldest, s.Packet.CreationTime)
			}
		}
		return oldest
	}
	for _, id := range e.Identities {
		if id.Revoked(nil, when, config) {
			continue
		}
		for _, s := range id.SelfCertifications {
			if e.PrimaryKey.VerifyUserIdSignature(id.Name, e.PrimaryKey, s.Packet) == nil {
				oldest = earlier(oldest, s.Packet.CreationTime)
			}
		}
	}
	return oldest
}

// oldestBinding returns when the oldest cryptographically valid binding of the
// subkey was made, or zero.
func oldestBinding(e *v2.Entity, sub *v2.Subkey) time.Time {
	var oldest time.Time
	for _, b := range sub.Bindings {
		if e.PrimaryKey.VerifyKeySignature(sub.PublicKey, b.Packet) == nil {
			oldest = earlier(oldest, b.Packet.CreationTime)
		}
	}
	return oldest
}

// objection says why a signature that the key did make is not accepted. It
// decides nothing: the signature has been refused by then.
func (v verification) objection(key *packet.PublicKey, refreshed time.Time) (Reason, string) {
	sig, now := v.packet.parsed, v.policy.Time
	made := sig.CreationTime
	config := relaxed(now)
	e, err := v.cert.entity()
	if err != nil {
		return Refused, err.Error()
	}
	sub := findSubkey(e, key)
	owner, _ := v.cert.entity() // for questions at another time
	binding := func() *packet.Signature {
		b, _ := findSubkey(owner, key).LatestValidBindingSignature(made, config)
		return b
	}

	switch {
	case e.Revoked(made), sub != nil && sub.Revoked(binding(), made),
		!refreshed.IsZero() && e.Revoked(refreshed):
		return KeyRevoked, "the key is revoked"
	case made.After(now):
		return FromFuture, fmt.Sprintf("it is dated %s", made.UTC().Format(time.RFC3339))
	case made.Before(key.CreationTime), made.Before(e.PrimaryKey.CreationTime):
		return OlderThanKey, fmt.Sprintf("it is dated %s, and its key was made on %s", day(made), day(key.CreationTime))
	case sig.SigExpired(now):
		return SignatureExpired, "the signature has expired"
	}
	for _, n := range sig.Notations {
		if n.IsCritical {
			return CriticalNotation, fmt.Sprintf("it has the critical notation %q, which nobody here knows", n.Name)
		}
	}

	// With a refreshed key the question is what else is wrong with it.
	when := made
	if !refreshed.IsZero() {
		when = refreshed
	}
	self, err := e.VerifyPrimaryKey(when, config)
	expired := errors.Is(err, pgperrors.ErrKeyExpired) || err != nil && expiredBy(owner, made, config)
	if sub != nil {
		bound, subErr := sub.Verify(when, config)
		if errors.Is(subErr, pgperrors.ErrKeyRevoked) {
			return KeyRevoked, "the subkey is revoked"
		}
		expired = expired || errors.Is(subErr, pgperrors.ErrKeyExpired) || subErr != nil && subkeyExpiredBy(findSubkey(owner, key), made, config)
		self, err = bound, cmp.Or(err, subErr)
	}
	switch {
	case expired:
		return KeyExpired, "the key had expired when the signature was made"
	case err != nil:
		return UnboundKey, fmt.Sprintf("the key was not certified when the signature was made: %v", err)
	}
	if self.FlagsValid && !self.FlagSign {
		return WrongUsage, "the key is not one for signing"
	}
	if sub != nil && !belongs(e, key) {
		return UnboundKey, errNotBound.Error()
	}
	if _, err := v.judge(config, refreshed); err != nil {
		return Refused, err.Error()
	}
	return Refused, "the library refuses it" // not reached: what judge accepts was accepted before
}

// expiredBy reports whether the primary key had expired at the given time by a
// direct key signature of that time or by the newest self-signature, or whether
// a self-signature of that time had expired itself.
func expiredBy(e *v2.Entity, when time.Time, config *packet.Config) bool {
	for _, id := range e.Identities {
		for _, s := range id.SelfCertifications {
			if !s.Packet.CreationTime.After(when) && s.Packet.SigExpired(when) &&
				e.PrimaryKey.VerifyUserIdSignature(id.Name, e.PrimaryKey, s.Packet) == nil {
				return true
			}
		}
	}
	if direct, err := e.LatestValidDirectSignature(when, config); err == nil && e.PrimaryKey.KeyExpired(direct, when) {
		return true
	}
	self, err := e.PrimarySelfSignature(time.Time{}, config)
	return err == nil && e.PrimaryKey.KeyExpired(self, when)
}

// subkeyExpiredBy is expiredBy for a subkey.
func subkeyExpiredBy(sub *v2.Subkey, when time.Time, config *packet.Config) bool {
	b, err := sub.LatestValidBindingSignature(time.Time{}, config)
	return err == nil && sub.PublicKey.KeyExpired(b, when)
}

// A standing is how a key stands at a certain time.
type standing struct {
	key              *packet.PublicKey
	at               time.Time
	expired, revoked time.Time // since when it has been so; zero: it is not
}

// since says since when the certificate, or the subkey that signed, has been
// expired and softly revoked, as things stand now; zero if it is not. It is for
// signatures that are valid, so both are later than the signature. The last
// answer is remembered: in one run, now is the same for every artifact.
func (c *certificate) since(key *packet.PublicKey, now time.Time) (expired, revoked time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.last; s.key == nil || !bytes.Equal(s.key.Fingerprint, key.Fingerprint) || !s.at.Equal(now) {
		c.last = c.standing(key, now)
	}
	return c.last.expired, c.last.revoked
}

func (c *certificate) standing(key *packet.PublicKey, now time.Time) standing {
	s := standing{key: key, at: now}
	e, err := c.entity()
	if err != nil {
		return s // finish has read it, so this does not happen
	}
	config := relaxed(now)
	expires := func(key *packet.PublicKey, self *packet.Signature, err error) {
		if err == nil && key.KeyExpired(self, now) {
			s.expired = earlier(s.expired, keyExpiry(key, self))
		}
	}
	revokes := func(r *packet.VerifiableSignature, invalid error) {
		if invalid == nil && !r.Packet.CreationTime.After(now) {
			s.revoked = earlier(s.revoked, r.Packet.CreationTime.UTC())
		}
	}

	self, err := e.PrimarySelfSignature(now, config)
	expires(e.PrimaryKey, self, err)
	direct, err := e.LatestValidDirectSignature(now, config)
	expires(e.PrimaryKey, direct, err)
	if e.Revoked(now) {
		for _, r := range e.Revocations {
			revokes(r, e.PrimaryKey.VerifyRevocationSignature(r.Packet))
		}
	}
	if sub := findSubkey(e, key); sub != nil {
		binding, err := sub.LatestValidBindingSignature(now, config)
		expires(sub.PublicKey, binding, err)
		if sub.Revoked(binding, now) {
			for _, r := range sub.Revocations {
				revokes(r, e.PrimaryKey.VerifySubkeyRevocationSignature(r.Packet, sub.PublicKey))
			}
		}
	}
	return s
}
