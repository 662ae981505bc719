package pgp

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/v2"
)

// An unread is a signature of a certificate on its own parts that the library
// cannot check: an algorithm or packet version it does not have, or something
// in it that must be understood and is not. What it says is not known, and it
// may be that the key is revoked or has expired. So it is kept beside the
// signatures that count.
type unread struct {
	sigType    packet.SignatureType
	created    time.Time // zero: not known
	serialized []byte
	why        string
}

func newUnread(p rawPacket, o outline, err error) unread {
	return unread{o.sigType, o.created, p.serialized, err.Error()}
}

// doubt adds an unread signature, each once.
func (c *component) doubt(u unread) {
	compare := func(a, b unread) int { return bytes.Compare(a.serialized, b.serialized) }
	if i, found := slices.BinarySearchFunc(c.unread, u, compare); !found {
		c.unread = slices.Insert(c.unread, i, u)
	}
}

// revocation returns the first unread revocation of the component.
func (c *component) revocation() (unread, bool) {
	i := slices.IndexFunc(c.unread, func(u unread) bool { return isRevocation(u.sigType) })
	if i < 0 {
		return unread{}, false
	}
	return c.unread[i], true
}

func isRevocation(t packet.SignatureType) bool {
	return t == packet.SigTypeKeyRevocation || t == packet.SigTypeSubkeyRevocation || t == packet.SigTypeCertificationRevocation
}

// names reports whether an issuer, as an outline has it, is that key. RFC 9580
// section 5.5.4: a key ID is the end of a version 4 fingerprint and the
// beginning of a later one.
func names(issuer string, f Fingerprint) bool {
	switch {
	case len(issuer) != 16 || len(f) < 40:
		return issuer == string(f)
	case len(f) == 40:
		return string(f[24:]) == issuer
	}
	return string(f[:16]) == issuer
}

// mustBeUnderstood reports whether the signature has a critical notation. The
// library passes over such a self-signature for an older one.
func mustBeUnderstood(sig *packet.Signature) bool {
	return slices.ContainsFunc(sig.Notations, func(n *packet.Notation) bool { return n.IsCritical })
}

// A looseRevocation is a revocation of a primary key that stands outside that
// key's certificate, as gpg --gen-revoke writes it: a block with nothing but one
// signature packet. RFC 9580 section 10.1.3 allows it there.
type looseRevocation struct {
	packet rawPacket
	sig    *packet.Signature // nil if it cannot be read
	err    error             // why it cannot
	issuer string
}

func newLoose(p rawPacket) looseRevocation {
	sig, err := parseSelfSignature(p)
	return looseRevocation{p, sig, err, readOutline(p.contents).issuer}
}

// looseRevocations returns the revocations before the first key of a sequence.
func looseRevocations(packets []rawPacket) []looseRevocation {
	var found []looseRevocation
	for _, p := range packets {
		if p.isKey() {
			break
		}
		if p.tag == tagSignature && readOutline(p.contents).sigType == packet.SigTypeKeyRevocation {
			found = append(found, newLoose(p))
		}
	}
	return found
}

// revokes reports whether the revocation is one by that key; of one that cannot
// be read, whether it says so.
func (l looseRevocation) revokes(c *certificate) bool {
	if l.sig == nil {
		return names(l.issuer, c.fingerprint)
	}
	parsed, err := rawPacket{serialized: c.primary.head}.parse()
	key, ok := parsed.(*packet.PublicKey)
	return err == nil && ok && key.VerifyRevocationSignature(l.sig) == nil
}

// with returns the certificate with the revocation in it.
func (c *certificate) with(l looseRevocation) *certificate {
	extra := &certificate{primary: component{head: c.primary.head}}
	if l.sig != nil {
		extra.primary.add(selfSignature{l.sig.CreationTime, l.packet.serialized})
	} else {
		extra.primary.doubt(newUnread(l.packet, readOutline(l.packet.contents), l.err))
	}
	m := c.merge(extra)
	m.finish()
	return m
}

// has reports whether the certificate has the revocation already.
func (c *certificate) has(l looseRevocation) bool {
	same := l.packet.serialized
	return slices.ContainsFunc(c.primary.signatures, func(s selfSignature) bool { return bytes.Equal(s.serialized, same) }) ||
		slices.ContainsFunc(c.primary.unread, func(u unread) bool { return bytes.Equal(u.serialized, same) })
}

// attach gives every loose revocation to the certificates it is of. They stay
// in the keyring: the certificate may come with a later file.
func (k *Keyring) attach() {
	for _, l := range k.loose {
		for f, c := range k.certs {
			if !c.has(l) && l.revokes(c) {
				k.certs[f] = c.with(l)
			}
		}
	}
}

// owners returns the keys that a loose revocation was given to, in order.
func (k *Keyring) owners(l looseRevocation) []Fingerprint {
	var all []Fingerprint
	for f, c := range k.certs {
		if c.has(l) {
			all = append(all, f)
		}
	}
	slices.Sort(all)
	return all
}

// unclaimed says why a loose revocation is of no key of the keyring.
func (l looseRevocation) unclaimed() string {
	switch {
	case l.sig == nil && l.issuer == "":
		return fmt.Sprintf("a revocation the library cannot read, which does not say of which key it is: %v", l.err)
	case l.sig == nil:
		return fmt.Sprintf("a revocation the library cannot read, in the name of the key %s, which is not here: %v", l.issuer, l.err)
	case l.issuer == "":
		return "a revocation that none of the keys here made"
	}
	return fmt.Sprintf("a revocation in the name of the key %s that none of the keys here made", l.issuer)
}

// doubted returns the answer r about a signature by key, or Unchecked if what is
// at hand of the certificate does not suffice for it. Only an accepted
// certificate is doubted: what another one made is refused whatever comes out.
func (v verification) doubted(r Result, key *packet.PublicKey) Result {
	if !v.policy.accepts(v.cert.fingerprint) {
		return r
	}
	unchecked := func(why Reason, format string, args ...any) Result {
		r.Status, r.Reason, r.Detail = Unchecked, why, fmt.Sprintf(format, args...)
		r.Weaknesses, r.KeyExpiredSince, r.KeyRevokedSince = nil, time.Time{}, time.Time{}
		return r
	}
	e, err := v.cert.entity()
	if err != nil {
		return r // finish has read it, so this does not happen
	}
	pass := r.Status == Good || r.Status == GoodRefreshed || r.Status == Weak
	// The other rejections hold whatever the self-signatures say.
	bySelf := r.Status == Rejected && (r.Reason == KeyExpired || r.Reason == UnboundKey || r.Reason == WrongUsage)
	if u, ok := v.unreadRevocation(r, key); pass && ok {
		return unchecked(UnreadableRevocation, "whether the key is revoked cannot be told: a revocation%s cannot be read (%s)", dated(u.created), u.why)
	}
	if u, ok := v.unreadSelfSignature(e, key, pass); (pass || bySelf) && ok {
		return unchecked(UnreadableSelfSignature, "whether the key was valid then cannot be told: its self-signature%s cannot be read (%s)", dated(u.created), u.why)
	}
	if r.Status == Rejected && r.Reason == KeyExpired {
		if newest := newestOwnSignature(e); !newest.After(v.packet.parsed.CreationTime) {
			return unchecked(StaleKey, "the copy of the key at hand%s, and nothing in it is newer than %s: its owner may have extended it since",
				expiredOn(e, key, v.policy.Time), day(newest))
		}
	}
	return r
}

// dated is " of 2025-06-11", or nothing for the zero time.
func dated(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " of " + day(t)
}

// expiredOn says when the key expired, by what is at hand.
func expiredOn(e *v2.Entity, key *packet.PublicKey, now time.Time) string {
	expired := expiry(e, key, now)
	if expired.IsZero() {
		return " has expired"
	}
	return " expired on " + day(expired)
}

// expiry returns when the certificate or that key of it expires as things stand
// at the given time, or zero.
func expiry(e *v2.Entity, key *packet.PublicKey, when time.Time) time.Time {
	var at time.Time
	config := relaxed(when)
	expires := func(key *packet.PublicKey, self *packet.Signature, err error) {
		if err == nil {
			at = earlier(at, keyExpiry(key, self))
		}
	}
	self, err := e.PrimarySelfSignature(when, config)
	expires(e.PrimaryKey, self, err)
	direct, err := e.LatestValidDirectSignature(when, config)
	expires(e.PrimaryKey, direct, err)
	if sub := findSubkey(e, key); sub != nil {
		binding, err := sub.LatestValidBindingSignature(when, config)
		expires(sub.PublicKey, binding, err)
	}
	return at
}

// unreadRevocation returns a revocation that may have undone the signature and
// cannot be read: of the primary key, of the subkey that signed, or of user IDs
// without which the answer would be another.
func (v verification) unreadRevocation(r Result, key *packet.PublicKey) (unread, bool) {
	if u, ok := v.cert.primary.revocation(); ok {
		return u, true
	}
	if sub := v.cert.subkey(key); sub != nil {
		if u, ok := sub.revocation(); ok {
			return u, true
		}
	}
	var found unread
	rest := v
	rest.cert = &certificate{fingerprint: v.cert.fingerprint, primary: v.cert.primary, subkeys: v.cert.subkeys, copies: v.cert.copies}
	for _, user := range v.cert.users {
		if u, ok := user.revocation(); ok {
			found = u
		} else {
			rest.cert.users = append(rest.cert.users, user)
		}
	}
	if found.serialized == nil {
		return unread{}, false
	}
	rest.cert.finish()
	return found, rest.cert.unreadable != nil || rest.judged(key).Status != r.Status
}

// subkey returns the component of a subkey, or nil for the primary key.
func (c *certificate) subkey(key *packet.PublicKey) *component {
	for i := range c.subkeys {
		parsed, _ := rawPacket{serialized: c.subkeys[i].head}.parse()
		if sub, ok := parsed.(*packet.PublicKey); ok && bytes.Equal(sub.Fingerprint, key.Fingerprint) {
			return &c.subkeys[i]
		}
	}
	return nil
}

// unreadSelfSignature returns a self-signature that cannot be read and that, at
// the time of the signature, was newer than the readable ones beside it: it
// would have taken their place. Those beside it are the ones on the same user
// ID, or on any if that one has none; or the bindings of the subkey that
// signed.
//
// If the signature passes without any self-signature as old as itself, that is
// because a newer one was believed, and an old one takes nobody's place.
func (v verification) unreadSelfSignature(e *v2.Entity, key *packet.PublicKey, pass bool) (unread, bool) {
	made := v.packet.parsed.CreationTime
	newer := func(c *component, newest time.Time) (unread, bool) {
		i := slices.IndexFunc(c.unread, func(u unread) bool {
			return !isRevocation(u.sigType) && !u.created.After(made) && (!newest.IsZero() || !pass) &&
				(u.created.IsZero() || !u.created.Before(newest))
		})
		if i < 0 {
			return unread{}, false
		}
		return c.unread[i], true
	}

	direct := newestDirect(e, made)
	all := direct
	for _, id := range e.Identities {
		all = later(all, newestCertification(e, id, made))
	}
	if u, ok := newer(&v.cert.primary, orElse(direct, all)); ok {
		return u, true
	}
	for i := range v.cert.users {
		var own time.Time
		if id := e.Identities[v.cert.users[i].userID()]; id != nil {
			own = newestCertification(e, id, made)
		}
		if u, ok := newer(&v.cert.users[i], orElse(own, all)); ok {
			return u, true
		}
	}
	sub := findSubkey(e, key)
	if c := v.cert.subkey(key); c != nil && sub != nil {
		return newer(c, newestBinding(e, sub, made))
	}
	return unread{}, false
}

// userID returns the text of a user ID packet.
func (c *component) userID() string {
	parsed, _ := rawPacket{serialized: c.head}.parse()
	if u, ok := parsed.(*packet.UserId); ok {
		return u.Id
	}
	return ""
}

func orElse(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// newestOf returns when the newest of the signatures was made, not later than
// before (zero: at any time), among those that can be understood and that
// valid accepts. It returns zero if there is none.
func newestOf(all []*packet.VerifiableSignature, before time.Time, valid func(*packet.Signature) error) time.Time {
	var newest time.Time
	for _, s := range all {
		created := s.Packet.CreationTime
		if created.After(newest) && (before.IsZero() || !created.After(before)) && !mustBeUnderstood(s.Packet) && valid(s.Packet) == nil {
			newest = created
		}
	}
	return newest.UTC()
}

func newestDirect(e *v2.Entity, before time.Time) time.Time {
	return newestOf(e.DirectSignatures, before, e.PrimaryKey.VerifyDirectKeySignature)
}

func newestCertification(e *v2.Entity, id *v2.Identity, before time.Time) time.Time {
	return newestOf(id.SelfCertifications, before, func(s *packet.Signature) error {
		return e.PrimaryKey.VerifyUserIdSignature(id.Name, e.PrimaryKey, s)
	})
}

func newestBinding(e *v2.Entity, sub *v2.Subkey, before time.Time) time.Time {
	return newestOf(sub.Bindings, before, func(s *packet.Signature) error {
		return e.PrimaryKey.VerifyKeySignature(sub.PublicKey, s)
	})
}

// newestOwnSignature returns when the owner last signed anything in the
// certificate, as far as it is at hand: a copy of it is at least as new as that.
func newestOwnSignature(e *v2.Entity) time.Time {
	newest := newestDirect(e, time.Time{})
	for _, id := range e.Identities {
		newest = later(newest, newestCertification(e, id, time.Time{}))
	}
	for i := range e.Subkeys {
		newest = later(newest, newestBinding(e, &e.Subkeys[i], time.Time{}))
	}
	return newest
}
