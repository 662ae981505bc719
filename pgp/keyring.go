package pgp

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/v2"
)

// Keyring is a set of certificates, each merged from all its copies. Once it is
// filled it may be used by several goroutines at the same time: it holds only
// serialized packets, and every check parses them afresh, because go-crypto
// remembers inside a parsed key what it found under one configuration and date.
type Keyring struct {
	certs map[Fingerprint]*certificate
	loose []looseRevocation // that stood outside the certificates they are of
}

// Certificate describes one certificate of a keyring, all its copies taken
// together.
type Certificate struct {
	Fingerprint Fingerprint
	UserIDs     []string  // valid and not revoked, the primary one first
	Algorithm   string    // of the primary key, e.g. "RSA-4096"
	Created     time.Time // UTC
	Expires     time.Time // UTC, by the newest self-signature; zero: never
	Revoked     bool      // there is a valid revocation of the primary key, of whatever kind and date
	Subkeys     []Fingerprint
	Copies      []Copy // in the order in which they were added
	// SHA256 is the hex digest of the certificate as it is used: of every
	// packet that any of the files had for it, revocations from elsewhere too.
	SHA256 string

	// RevokedSince is from when on the key is revoked, UTC. It is zero if the
	// key is not, or if the revocation is a hard one, which holds for all time.
	RevokedSince time.Time
	// Refreshed is set, in UTC, where the first self-signatures are gone: where
	// the oldest one at hand is more than a day younger than the key it is on.
	// It is the date of that one, and signatures made before it come out
	// GoodRefreshed. The bindings of signing subkeys count too.
	Refreshed time.Time
	// Weaknesses are those of the key itself: why the strict configuration lets
	// it sign nothing where a relaxed one does.
	Weaknesses []Weakness
	// Unreadable is what the owner may have said in it and cannot be read,
	// revocations first, one line each. Signatures may come out Unchecked for it.
	Unreadable []string
}

// Copy is one copy of a certificate, as it stood in one file.
type Copy struct {
	Source        string
	SHA256        string    // hex digest of the certificate's packets in the file, without armor
	OldestSelfSig time.Time // UTC; of the signatures on user IDs and on the key itself; zero: there are none
	NewestSelfSig time.Time // UTC
}

// Skipped is something of a key file that could not be read.
type Skipped struct {
	Fingerprint Fingerprint // "" if not even that is known
	Reason      string      // one line, lower case
}

// NewKeyring returns an empty keyring.
func NewKeyring() *Keyring {
	return &Keyring{certs: make(map[Fingerprint]*certificate)}
}

// Add adds the certificates of one key file: armored blocks, any number of
// them and with text around, or binary. A certificate that the keyring has
// already is merged with the new copy; the order of copies makes no difference
// to any check. Signatures by other people's keys and user attributes are left
// out, as nothing here looks at them.
//
// It returns the fingerprints the file gave, what of the file could not be
// read, and an error if it is no key file at all. A certificate is also skipped
// while none of its copies has a signed user ID; it comes to life when such a
// copy is added.
func (k *Keyring) Add(source string, data []byte) (added []Fingerprint, skipped []Skipped, err error) {
	parts, skipped, err := binaryKeys(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", source, err)
	}
	var loose []looseRevocation
	for _, part := range parts {
		packets, err := splitPackets(part)
		loose = append(loose, looseRevocations(packets)...)
		groups := slices.Collect(keyGroups(packets))
		if err != nil {
			// The last certificate may lack its revocation: it is not taken.
			if len(groups) > 0 {
				groups = groups[:len(groups)-1]
			}
			skipped = append(skipped, Skipped{Reason: "the last key of the file: " + err.Error()})
		}
		for _, group := range groups {
			cert, others, notes := readCertificate(source, part, group)
			loose = append(loose, others...)
			skipped = append(skipped, notes...)
			if cert == nil {
				continue
			}
			if old, ok := k.certs[cert.fingerprint]; ok {
				cert = old.merge(cert)
			}
			cert.finish()
			k.certs[cert.fingerprint] = cert
			if cert.unreadable != nil {
				skipped = append(skipped, Skipped{cert.fingerprint, cert.unreadable.Error()})
				continue
			}
			if !slices.Contains(added, cert.fingerprint) {
				added = append(added, cert.fingerprint)
			}
		}
	}
	for _, l := range loose {
		same := func(m looseRevocation) bool { return bytes.Equal(l.packet.serialized, m.packet.serialized) }
		if !slices.ContainsFunc(k.loose, same) {
			k.loose = append(k.loose, l)
		}
	}
	k.attach()
	for _, l := range loose {
		owners := k.owners(l)
		if len(owners) == 0 {
			skipped = append(skipped, Skipped{Reason: l.unclaimed()})
		}
		for _, f := range owners {
			switch cert := k.certs[f]; {
			case l.sig == nil:
				skipped = append(skipped, Skipped{f, fmt.Sprintf("a revocation the library cannot read: %v", l.err)})
			case cert.unreadable != nil:
				skipped = append(skipped, Skipped{f, cert.unreadable.Error()})
			case !slices.Contains(added, f):
				added = append(added, f)
			}
		}
	}
	if len(added) == 0 && len(skipped) == 0 {
		return nil, nil, fmt.Errorf("%s: there is no public key in it", source)
	}
	return added, skipped, nil
}

// Select returns a keyring of the certificates that keep accepts.
func (k *Keyring) Select(keep func(Fingerprint) bool) *Keyring {
	selected := NewKeyring()
	selected.loose = slices.Clone(k.loose)
	for f, c := range k.certs {
		if keep(f) {
			selected.certs[f] = c // never changed once finished
		}
	}
	return selected
}

// Certificates describes the keyring's certificates, sorted by fingerprint.
func (k *Keyring) Certificates() []Certificate {
	var all []Certificate
	for _, c := range k.sorted() {
		d := c.describe()
		d.UserIDs, d.Subkeys, d.Copies = slices.Clone(d.UserIDs), slices.Clone(d.Subkeys), slices.Clone(d.Copies)
		d.Weaknesses, d.Unreadable = slices.Clone(d.Weaknesses), slices.Clone(d.Unreadable)
		all = append(all, d)
	}
	return all
}

func (k *Keyring) sorted() []*certificate {
	var all []*certificate
	for _, f := range slices.Sorted(maps.Keys(k.certs)) {
		if c := k.certs[f]; c.unreadable == nil {
			all = append(all, c)
		}
	}
	return all
}

// binaryKeys takes the armor off a key file.
func binaryKeys(data []byte) (parts [][]byte, skipped []Skipped, err error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, nil, errors.New("the file is empty")
	case isHTML(data):
		return nil, nil, errors.New("this is an HTML or XML page, not a key: download it again")
	case len(data) > 12 && string(data[8:12]) == "KBXf":
		return nil, nil, errors.New("this is a GnuPG keybox: write its keys to a file with gpg --export")
	}
	if err := badText(data); err != nil {
		return nil, nil, err
	}
	if isBinary(data) {
		return [][]byte{data}, nil, nil
	}
	found := blocks(data)
	if len(found) == 0 {
		return nil, nil, errors.New("there is no PGP public key block in it")
	}
	for _, b := range found {
		if b.kind != "PGP PUBLIC KEY BLOCK" {
			skipped = append(skipped, Skipped{Reason: fmt.Sprintf("a block %q, not a public key", b.kind)})
			continue
		}
		part, err := b.decode()
		if err != nil {
			skipped = append(skipped, Skipped{Reason: err.Error()})
			continue
		}
		parts = append(parts, part)
	}
	return parts, skipped, nil
}

func (p rawPacket) isKey() bool { return p.tag == tagPublicKey || p.tag == tagSecretKey }

// keyGroups groups packets by the primary key they follow. What stands before
// the first one is for looseRevocations.
func keyGroups(packets []rawPacket) func(yield func([]rawPacket) bool) {
	return func(yield func([]rawPacket) bool) {
		for len(packets) > 0 {
			n := 1
			for n < len(packets) && !packets[n].isKey() {
				n++
			}
			if packets[0].isKey() && !yield(packets[:n]) {
				return
			}
			packets = packets[n:]
		}
	}
}

// A certificate is one primary key with everything its copies say about it.
// Apart from what it remembers of since, it is not changed after finish.
type certificate struct {
	fingerprint Fingerprint
	primary     component
	users       []component
	subkeys     []component
	copies      []Copy

	merged     []byte              // all of the above, serialized
	keys       []*packet.PublicKey // the primary key first; only read
	unreadable error               // why the library does not take merged
	describe   func() Certificate

	mu   sync.Mutex
	last standing // the last answer of since
}

// A component is a key or user ID packet with the self-signatures on it.
type component struct {
	head       []byte
	signatures []selfSignature // by time, then bytes
	unread     []unread        // by bytes
}

type selfSignature struct {
	created    time.Time
	serialized []byte
}

func (c *component) add(s selfSignature) {
	compare := func(a, b selfSignature) int {
		return cmp.Or(a.created.Compare(b.created), bytes.Compare(a.serialized, b.serialized))
	}
	if i, found := slices.BinarySearchFunc(c.signatures, s, compare); !found {
		c.signatures = slices.Insert(c.signatures, i, s)
	}
}

// take adds the signatures of another copy of the component.
func (c *component) take(d component) {
	for _, s := range d.signatures {
		c.add(s)
	}
	for _, u := range d.unread {
		c.doubt(u)
	}
}

// part returns the component of parts with that head, after adding it if need
// be. It is valid until the next call.
func part(parts *[]component, head []byte) *component {
	compare := func(c component, head []byte) int { return bytes.Compare(c.head, head) }
	i, found := slices.BinarySearchFunc(*parts, head, compare)
	if !found {
		*parts = slices.Insert(*parts, i, component{head: head})
	}
	return &(*parts)[i]
}

// readCertificate reads the packets of one certificate, which stand in data.
// It returns nil if its primary key cannot be used, the revocations in it that
// are in the name of other keys, and what it could not read.
func readCertificate(source string, data []byte, packets []rawPacket) (*certificate, []looseRevocation, []Skipped) {
	if packets[0].tag == tagSecretKey {
		return nil, nil, []Skipped{{Reason: "a private key: give the public one"}}
	}
	parsed, err := packets[0].parse()
	primary, ok := parsed.(*packet.PublicKey)
	if err == nil && !ok {
		err = errors.New("it is no public key")
	}
	if err != nil {
		return nil, nil, []Skipped{{Reason: fmt.Sprintf("a key the library cannot read: %v", err)}}
	}

	raw := sha256.Sum256(data[packets[0].start:packets[len(packets)-1].end])
	file := Copy{Source: source, SHA256: fmt.Sprintf("%x", raw)}
	c := &certificate{
		fingerprint: fingerprint(primary),
		primary:     component{head: packets[0].serialized},
	}
	var loose []looseRevocation
	var skipped []Skipped
	skip := func(format string, args ...any) {
		skipped = append(skipped, Skipped{c.fingerprint, fmt.Sprintf(format, args...)})
	}
	var user, subkey []byte // the heads that signatures belong to
	for _, p := range packets[1:] {
		switch p.tag {
		case tagUserID:
			user, subkey = p.serialized, nil
			part(&c.users, user)
		case tagPublicSubkey:
			user, subkey = nil, nil
			if _, err := p.parse(); err != nil {
				skip("a subkey the library cannot read: %v", err)
				continue
			}
			subkey = p.serialized
			part(&c.subkeys, subkey)
		case tagSignature:
			o := readOutline(p.contents)
			sig, err := parseSelfSignature(p)
			if err != nil {
				switch {
				case o.issuer == "" || names(o.issuer, c.fingerprint):
					if c.doubt(user, subkey, newUnread(p, o, err), o.issuer != "") && isRevocation(o.sigType) {
						skip("a revocation the library cannot read: %v", err)
					}
				case o.sigType == packet.SigTypeKeyRevocation:
					loose = append(loose, newLoose(p))
				}
				continue
			}
			stated := sig.IssuerKeyId != nil
			own := stated && sig.CheckKeyIdOrFingerprint(primary)
			self := selfSignature{sig.CreationTime, p.serialized}
			if own && mustBeUnderstood(sig) && !isRevocation(sig.SigType) {
				c.doubt(user, subkey, newUnread(p, o, errors.New("it has a critical notation that nobody here knows")), true)
			}
			// By type, not only by place: the library overlooks a key's
			// revocation that does not stand right behind the key. It checks
			// each of them cryptographically, so a wrong place gives nothing.
			switch sig.SigType {
			case packet.SigTypeKeyRevocation, packet.SigTypeDirectSignature:
				switch {
				case own, !stated:
					c.primary.add(self)
				case sig.SigType == packet.SigTypeKeyRevocation:
					loose = append(loose, newLoose(p))
				}
				if own && sig.SigType == packet.SigTypeDirectSignature {
					file.count(sig.CreationTime)
				}
			case packet.SigTypeGenericCert, packet.SigTypePersonaCert, packet.SigTypeCasualCert,
				packet.SigTypePositiveCert, packet.SigTypeCertificationRevocation:
				if own && user != nil {
					part(&c.users, user).add(self)
					if sig.SigType != packet.SigTypeCertificationRevocation {
						file.count(sig.CreationTime)
					}
				}
			case packet.SigTypeSubkeyBinding, packet.SigTypeSubkeyRevocation:
				if (own || !stated) && subkey != nil {
					part(&c.subkeys, subkey).add(self)
				}
			}
		case tagUserAttribute, tagSecretSubkey: // dropped, and the signatures on them too
			user, subkey = nil, nil
		}
	}
	c.copies = []Copy{file}
	return c, loose, skipped
}

// doubt keeps a signature that cannot be read with the part of the certificate
// that it stands behind, and reports whether it concerns the certificate. A
// revocation counts if it does not state its issuer; of the other signatures
// most are other people's, so they have to.
func (c *certificate) doubt(user, subkey []byte, u unread, stated bool) bool {
	if !stated && !isRevocation(u.sigType) {
		return false
	}
	switch u.sigType {
	case packet.SigTypeKeyRevocation, packet.SigTypeDirectSignature:
		c.primary.doubt(u)
	case packet.SigTypeGenericCert, packet.SigTypePersonaCert, packet.SigTypeCasualCert,
		packet.SigTypePositiveCert, packet.SigTypeCertificationRevocation:
		if user == nil {
			return false
		}
		part(&c.users, user).doubt(u)
	case packet.SigTypeSubkeyBinding, packet.SigTypeSubkeyRevocation:
		if subkey == nil {
			return isRevocation(u.sigType) // said, but of no key
		}
		part(&c.subkeys, subkey).doubt(u)
	default:
		return false
	}
	return true
}

// parseSelfSignature parses a signature packet of a certificate.
func parseSelfSignature(p rawPacket) (*packet.Signature, error) {
	for _, inner := range readOutline(p.contents).inner {
		if len(readOutline(inner).inner) > 0 {
			return nil, errors.New("signatures are nested in it")
		}
	}
	parsed, err := p.parse()
	if err != nil {
		return nil, err
	}
	sig, ok := parsed.(*packet.Signature)
	if !ok {
		return nil, errors.New("it is no signature")
	}
	return sig, nil
}

// count notes a self-signature of the copy.
func (c *Copy) count(created time.Time) {
	created = created.UTC()
	c.OldestSelfSig = earlier(c.OldestSelfSig, created)
	if created.After(c.NewestSelfSig) {
		c.NewestSelfSig = created
	}
}

// merge returns the union of two copies of one certificate.
func (c *certificate) merge(d *certificate) *certificate {
	m := &certificate{fingerprint: c.fingerprint, primary: component{head: c.primary.head}}
	for _, from := range []*certificate{c, d} {
		m.primary.take(from.primary)
		for _, u := range from.users {
			part(&m.users, u.head).take(u)
		}
		for _, sub := range from.subkeys {
			part(&m.subkeys, sub.head).take(sub)
		}
		for _, file := range from.copies {
			if !slices.Contains(m.copies, file) {
				m.copies = append(m.copies, file)
			}
		}
	}
	return m
}

// finish serializes the certificate and lets the library read it.
func (c *certificate) finish() {
	var out bytes.Buffer
	write := func(p component) {
		out.Write(p.head)
		for _, s := range p.signatures {
			out.Write(s.serialized)
		}
	}
	write(c.primary)
	for _, u := range c.users {
		if len(u.signatures) > 0 {
			write(u)
		}
	}
	for _, s := range c.subkeys {
		write(s)
	}
	c.merged = out.Bytes()

	e, err := v2.ReadEntity(packet.NewReader(bytes.NewReader(c.merged)))
	switch {
	case err != nil && e == nil && len(c.users) == 0:
		c.unreadable = errors.New("it has no user ID, as key servers leave out what its owner has not confirmed: get the key from elsewhere")
	case err != nil:
		c.unreadable = fmt.Errorf("a key the library cannot read: %w", err)
	case fingerprint(e.PrimaryKey) != c.fingerprint:
		c.unreadable = errors.New("the library reads another key out of it")
	default:
		c.keys = append(c.keys, e.PrimaryKey)
		for _, s := range e.Subkeys {
			c.keys = append(c.keys, s.PublicKey)
		}
	}
	c.describe = sync.OnceValue(c.newDescription)
}

// entity parses the certificate afresh.
func (c *certificate) entity() (*v2.Entity, error) {
	return v2.ReadEntity(packet.NewReader(bytes.NewReader(c.merged)))
}

// digest returns the digest of everything that is known of the certificate,
// which is in a fixed order.
func (c *certificate) digest() string {
	h := sha256.New()
	h.Write(c.merged)
	for _, parts := range [][]component{{c.primary}, c.users, c.subkeys} {
		for _, p := range parts {
			h.Write(p.head) // so that a doubt cannot pass from one part to another
			for _, u := range p.unread {
				h.Write(u.serialized)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// newDescription evaluates the certificate without regard to time.
func (c *certificate) newDescription() Certificate {
	d := Certificate{
		Fingerprint: c.fingerprint,
		Algorithm:   algorithm(c.keys[0]),
		Created:     c.keys[0].CreationTime.UTC(),
		Copies:      c.copies,
		SHA256:      c.digest(),
	}
	for _, k := range c.keys[1:] {
		d.Subkeys = append(d.Subkeys, fingerprint(k))
	}
	e, err := c.entity()
	if err != nil {
		return d // finish has read it, so this does not happen
	}
	config := relaxed(time.Time{})
	d.UserIDs = userIDs(e, config)
	if self, err := e.PrimarySelfSignature(time.Time{}, config); err == nil {
		d.Expires = keyExpiry(e.PrimaryKey, self)
	}
	if direct, err := e.LatestValidDirectSignature(time.Time{}, config); err == nil {
		d.Expires = earlier(d.Expires, keyExpiry(e.PrimaryKey, direct))
	}
	d.Revoked = slices.ContainsFunc(e.Revocations, func(r *packet.VerifiableSignature) bool {
		return e.PrimaryKey.VerifyRevocationSignature(r.Packet) == nil
	})
	if d.Revoked && !e.Revoked(e.PrimaryKey.CreationTime) { // a hard one would hold even then
		for _, r := range e.Revocations {
			if e.PrimaryKey.VerifyRevocationSignature(r.Packet) == nil {
				d.RevokedSince = earlier(d.RevokedSince, r.Packet.CreationTime.UTC())
			}
		}
	}
	d.Refreshed = refreshedOn(e, config)
	d.Weaknesses = c.weaknesses(newestOwnSignature(e))
	d.Unreadable = c.unreadableParts()
	return d
}

// refreshedOn returns the date of the oldest self-signature, or of the oldest
// binding of a signing subkey, if the first ones are gone; zero otherwise.
func refreshedOn(e *v2.Entity, config *packet.Config) time.Time {
	var found time.Time
	gone := func(key *packet.PublicKey, oldest time.Time) {
		if oldest.After(key.CreationTime.AddDate(0, 0, 1)) {
			found = later(found, oldest.UTC())
		}
	}
	gone(e.PrimaryKey, oldestSelfSignature(e, time.Time{}, config))
	for i := range e.Subkeys {
		sub := &e.Subkeys[i]
		if b, err := sub.LatestValidBindingSignature(time.Time{}, config); err == nil && b.FlagSign {
			gone(sub.PublicKey, oldestBinding(e, sub))
		}
	}
	return found
}

// weaknesses says which parts of the strict configuration keep the certificate,
// as it stands at the given time, from signing. If the relaxed one does too, it
// is not for weakness.
func (c *certificate) weaknesses(at time.Time) []Weakness {
	signs := func(relax ...func(*packet.Config)) bool {
		e, err := c.entity() // afresh: the library remembers what it found
		if err != nil {
			return false
		}
		config := strict(at)
		for _, r := range relax {
			r(config)
		}
		_, ok := e.SigningKey(at, config)
		return ok
	}
	if signs() || !signs(relaxHash, relaxKey, relaxFlags) {
		return nil
	}
	var found []Weakness
	if !signs(relaxHash, relaxFlags) {
		found = append(found, WeakKey)
	}
	if !signs(relaxHash, relaxKey) {
		found = append(found, NoKeyFlags)
	}
	if found == nil {
		return []Weakness{WeakOther}
	}
	return found
}

// unreadableParts lists the signatures of the certificate that cannot be read.
func (c *certificate) unreadableParts() []string {
	var revocations, others []string
	for _, part := range slices.Concat([]component{c.primary}, c.users, c.subkeys) {
		for _, u := range part.unread {
			if isRevocation(u.sigType) {
				revocations = append(revocations, fmt.Sprintf("a revocation%s cannot be read (%s)", dated(u.created), u.why))
			} else {
				others = append(others, fmt.Sprintf("a self-signature%s cannot be read (%s)", dated(u.created), u.why))
			}
		}
	}
	return append(revocations, others...)
}

// userIDs returns the user IDs that are certified and not revoked: the ones
// marked as primary first, then the most recently certified, then by name. The
// library's own choice depends on map order where times are equal.
func userIDs(e *v2.Entity, config *packet.Config) []string {
	type user struct {
		name    string
		primary bool
		created time.Time
	}
	var users []user
	for name, id := range e.Identities {
		if self, err := id.Verify(time.Time{}, config); err == nil {
			users = append(users, user{name, self.IsPrimaryId != nil && *self.IsPrimaryId, self.CreationTime})
		}
	}
	slices.SortFunc(users, func(a, b user) int {
		if a.primary != b.primary {
			if a.primary {
				return -1
			}
			return 1
		}
		return cmp.Or(b.created.Compare(a.created), strings.Compare(a.name, b.name))
	})
	var names []string
	for _, u := range users {
		names = append(names, u.name)
	}
	return names
}

// keyExpiry returns when a self-signature lets its key expire, or zero if it
// does not. RFC 9580 section 5.2.3.13: seconds after the key's creation.
func keyExpiry(key *packet.PublicKey, self *packet.Signature) time.Time {
	if self.KeyLifetimeSecs == nil || *self.KeyLifetimeSecs == 0 {
		return time.Time{}
	}
	return key.CreationTime.Add(time.Duration(*self.KeyLifetimeSecs) * time.Second).UTC()
}

// earlier returns the earlier of two times of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
