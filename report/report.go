// Package report holds the one versioned document that a run results in, and
// its renderers. Every renderer is a pure function of the document: it reads
// no clock, no environment and no terminal, so that a saved report can be
// rendered again, and the same document always gives the same bytes.
package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"migrate/compare"
	"migrate/internal/clients"
	"migrate/internal/cycle"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// SchemaVersion is the version of the document that this package writes and
// reads. It changes whenever a field changes its meaning or goes away.
const SchemaVersion = "1"

// Document is everything that one run found out. It is made by New or Read.
// Lists without omitempty are never nil then.
//
// Every string in it comes from outside, in the end, and is kept as it was
// found; renderers escape (see Escape).
type Document struct {
	SchemaVersion string         `json:"schemaVersion"`
	Generator     Generator      `json:"generator"`
	Created       Time           `json:"created"`
	Offline       bool           `json:"offline"`
	Sources       []string       `json:"sources"`
	Part          *Part          `json:"part,omitempty"`    // nil: all of the sources
	Origins       []Origin       `json:"origins,omitempty"` // of merged parts, where they differ from generator and created
	Trust         Trust          `json:"trust"`
	AskedClients  []AskedClient  `json:"askedClients,omitempty"` // of which findings tell what they accept
	Series        []Series       `json:"series"`                 // oldest first
	Summary       Summary        `json:"summary"`
	Artifacts     []Artifact     `json:"artifacts"` // by series, version, name
	Unrecognised  []Unrecognised `json:"unrecognised"`
	Troubles      []Trouble      `json:"troubles"`
}

// Generator is the program that made a document.
type Generator struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Origin is what a part of a merged report was made by, and when.
type Origin struct {
	Generator Generator `json:"generator"`
	Created   Time      `json:"created"`
}

// Part says that a document is about a part of its sources only.
type Part struct {
	Selection string `json:"selection"` // what was asked for, e.g. "--shard 1/3"
	Of        int    `json:"of"`        // artifacts that the sources have
}

// Trust is what the run stood on.
type Trust struct {
	TrustRoot    TrustRoot    `json:"trustRoot,omitzero"`
	Roster       Roster       `json:"roster,omitzero"`
	ReleaseCycle ReleaseCycle `json:"releaseCycle,omitzero"`
	ClientTable  ClientTable  `json:"clientTable,omitzero"`
	Keys         []Key        `json:"keys"` // by fingerprint
	// Others is what parts of a merged report stood on, where it differs.
	Others []OtherTrust `json:"others,omitempty"`
}

// OtherTrust is what a part of a merged report stood on.
type OtherTrust struct {
	TrustRoot    TrustRoot    `json:"trustRoot,omitzero"`
	Roster       Roster       `json:"roster,omitzero"`
	ReleaseCycle ReleaseCycle `json:"releaseCycle,omitzero"`
}

// TrustRoot is the Sigstore trust root that bundles were checked against.
type TrustRoot struct {
	Source string `json:"source"` // "embedded", or "cache" with its path, or its path
	SHA256 string `json:"sha256"`
	Newest Time   `json:"newest,omitzero"` // start of the validity of its newest key
	// Current is the latest time at which it is known to have been what its
	// Sigstore published; absent if nobody knows.
	Current Time `json:"current,omitzero"`
}

// Roster says who may sign what.
type Roster struct {
	Source  string `json:"source"` // "embedded", or its path
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256"`
}

// ReleaseCycle says how long series live. No signature is judged by it.
type ReleaseCycle struct {
	Source string     `json:"source"`        // "embedded", or its URL or path
	Date   cycle.Date `json:"date,omitzero"` // when it was so
	SHA256 string     `json:"sha256"`
}

// Key is a pinned OpenPGP key, with the copies of it that were at hand.
type Key struct {
	Fingerprint string    `json:"fingerprint"`      // full, upper case
	Person      string    `json:"person,omitempty"` // their id in the roster
	Name        string    `json:"name,omitempty"`
	SHA256      string    `json:"sha256,omitempty"` // of the key as it was used: all copies and revocations merged
	Expires     Time      `json:"expires,omitzero"`
	Copies      []KeyCopy `json:"copies,omitempty"` // none: pinned, but not at hand
}

// KeyCopy is one copy of a key.
type KeyCopy struct {
	Source string `json:"source"`
	SHA256 string `json:"sha256"` // of the certificate's bytes in that file
}

// Series is the judgement on one series.
type Series struct {
	Series    string                  `json:"series"` // "3.13"
	Readiness compare.Readiness       `json:"readiness"`
	Reasons   []Reason                `json:"reasons"`
	Artifacts int                     `json:"artifacts"`
	Verdicts  map[compare.Verdict]int `json:"verdicts"` // every verdict, zeros too

	Status       cycle.Status `json:"status,omitempty"` // when the run was made; "": not known
	FirstRelease cycle.Date   `json:"firstRelease,omitzero"`
	EndOfLife    cycle.Date   `json:"endOfLife,omitzero"`
	PGP          Period       `json:"pgp,omitzero"`
	Sigstore     Period       `json:"sigstore,omitzero"`

	Clients []Client `json:"clients,omitempty"` // none: nothing is known, or there is no good bundle
}

// Period says whether releases of a series are signed by a method, and from
// when to when. The zero value: not known.
type Period struct {
	Presence keyrings.Presence `json:"presence"`
	From     cycle.Date        `json:"from,omitzero"`
	Until    cycle.Date        `json:"until,omitzero"`
}

// Reason is one reason for a series' readiness, with what to do.
type Reason struct {
	Code      compare.Code `json:"code"`
	Message   string       `json:"message"`
	Artifacts []string     `json:"artifacts,omitempty"` // their paths, else URLs; none: about the whole series
}

// Summary counts what the document holds.
type Summary struct {
	Artifacts    int                     `json:"artifacts"`
	Verdicts     map[compare.Verdict]int `json:"verdicts"` // every verdict, zeros too
	Findings     map[compare.Level]int   `json:"findings"` // every level, zeros too
	Unrecognised int                     `json:"unrecognised"`
	Troubles     int                     `json:"troubles"`
}

// Artifact is one artifact: what both verifiers found, what was expected, and
// what follows.
type Artifact struct {
	Name     string `json:"name"`
	Upstream string `json:"upstream,omitempty"` // python.org's name, if it is another
	Version  string `json:"version"`
	Series   string `json:"series"`
	Role     string `json:"role"`
	Kind     string `json:"kind"`
	Platform string `json:"platform,omitempty"`
	Path     string `json:"path,omitempty"` // within its source
	URL      string `json:"url,omitempty"`
	Size     *int64 `json:"size,omitempty"` // bytes that were read
	SHA256   string `json:"sha256,omitempty"`
	MD5      string `json:"md5,omitempty"` // only where it is all that is published

	// What the server said of the bytes that were read.
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"lastModified,omitempty"`
	// When an earlier run verified it, if nothing has changed since and this
	// run did not read it again.
	Verified Time `json:"verified,omitzero"`

	Published []Published     `json:"published,omitempty"`
	PGP       PGP             `json:"pgp"`
	Sigstore  Sigstore        `json:"sigstore"`
	Expected  Expected        `json:"expected"`
	Trouble   string          `json:"trouble,omitempty"` // why it could not be read
	Verdict   compare.Verdict `json:"verdict"`
	Findings  []Finding       `json:"findings"` // errors first
}

// Published is what somebody other than the signer says about an artifact.
type Published struct {
	By     string `json:"by"`
	Size   *int64 `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	MD5    string `json:"md5,omitempty"`
	Hint   bool   `json:"hint,omitempty"`  // mistakes are known in what it says
	Links  []Link `json:"links,omitempty"` // those that differ from what lies beside the artifact
}

// Link is where somebody says that a sidecar is.
type Link struct {
	Sidecar string `json:"sidecar"`      // its suffix without the dot
	At      string `json:"at,omitempty"` // a path in python.org's tree, or a URL; "": not linked
}

// PGP is what the check of the .asc found; see pgp.Result for each field.
type PGP struct {
	Status     pgp.Status     `json:"status"`
	Reason     pgp.Reason     `json:"reason,omitempty"`
	Weaknesses []pgp.Weakness `json:"weaknesses,omitempty"`
	Detail     string         `json:"detail,omitempty"`
	Unseen     bool           `json:"unseen,omitempty"` // the source cannot tell whether there is an .asc

	Certificate string `json:"certificate,omitempty"`
	SigningKey  string `json:"signingKey,omitempty"`
	UserID      string `json:"userId,omitempty"`
	Signer      string `json:"signer,omitempty"` // the person whose pinned key it is, by id
	SignerName  string `json:"signerName,omitempty"`
	Algorithm   string `json:"algorithm,omitempty"`

	Issuer          string `json:"issuer,omitempty"` // claimed, never compared
	Hash            string `json:"hash,omitempty"`
	Created         Time   `json:"created,omitzero"`
	Expires         Time   `json:"expires,omitzero"` // the signature, not the key
	PacketVersion   int    `json:"packetVersion,omitempty"`
	KeyExpiredSince Time   `json:"keyExpiredSince,omitzero"`
	KeyRevokedSince Time   `json:"keyRevokedSince,omitzero"`
	Signatures      int    `json:"signatures,omitempty"` // packets in the file

	Others []pgp.Status `json:"others,omitempty"` // of the packets that did not decide, in order

	File       string `json:"file,omitempty"`
	FileSHA256 string `json:"fileSha256,omitempty"`
}

// Sigstore is what the check of the bundle, or of the pair in its place, found;
// see sigstore.Result.
type Sigstore struct {
	Status sigstore.Status `json:"status"`
	Reason sigstore.Reason `json:"reason,omitempty"`
	Detail string          `json:"detail,omitempty"`
	// NewerThanRoot: untrusted for what a newer trust root could know.
	NewerThanRoot bool `json:"newerThanRoot,omitempty"`
	LegacyPair    bool `json:"legacyPair,omitempty"` // a .sig and .crt lie beside the artifact

	Identity Identity `json:"identity,omitzero"` // verified
	Claimed  Identity `json:"claimed,omitzero"`  // as the certificate says, verified or not

	MediaType        string `json:"mediaType,omitempty"`
	BundleVersion    string `json:"bundleVersion,omitempty"`
	KeyAlgorithm     string `json:"keyAlgorithm,omitempty"`
	HashAlgorithm    string `json:"hashAlgorithm,omitempty"`
	PredicateType    string `json:"predicateType,omitempty"` // of a statement signed in place of the artifact
	DeprecatedP384   bool   `json:"deprecatedP384,omitempty"`
	IssuerV1Only     bool   `json:"issuerV1Only,omitempty"`
	LogIndex         *int64 `json:"logIndex,omitempty"`
	LogID            string `json:"logId,omitempty"`
	RekorVersion     int    `json:"rekorVersion,omitempty"`
	LogTime          Time   `json:"logTime,omitzero"`
	Timestamps       []Time `json:"timestamps,omitempty"`
	InclusionPromise bool   `json:"inclusionPromise,omitempty"`
	InclusionProof   bool   `json:"inclusionProof,omitempty"`
	Checkpoint       bool   `json:"checkpoint,omitempty"`

	PromiseHolds    bool     `json:"promiseHolds,omitempty"`
	PromiseIdentity Identity `json:"promiseIdentity,omitzero"`

	File       string `json:"file,omitempty"`
	FileSHA256 string `json:"fileSha256,omitempty"`
	SigFile    string `json:"sigFile,omitempty"` // of a .sig and .crt pair that was judged in place of a bundle
	SigSHA256  string `json:"sigSha256,omitempty"`
	CrtFile    string `json:"crtFile,omitempty"`
	CrtSHA256  string `json:"crtSha256,omitempty"`
}

// Identity is a Sigstore identity; in Expected's patterns, SAN is an anchored
// regular expression.
type Identity struct {
	SAN    string `json:"san"`
	Issuer string `json:"issuer"`
}

// Expected is what PEP 761 and history lead one to expect of an artifact.
type Expected struct {
	Known      bool             `json:"known"` // the roster has a row for the series
	PGP        ExpectedPGP      `json:"pgp"`
	Sigstore   ExpectedSigstore `json:"sigstore"`
	SamePerson bool             `json:"samePerson,omitempty"` // both signers should be one person
	Recalled   string           `json:"recalled,omitempty"`   // why the release was recalled
}

// ExpectedPGP says whether an .asc should exist, and by whose keys.
type ExpectedPGP struct {
	Presence keyrings.Presence `json:"presence,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Signers  []string          `json:"signers,omitempty"` // fingerprints
}

// ExpectedSigstore says whether a bundle should exist, and by whom.
type ExpectedSigstore struct {
	Presence   keyrings.Presence `json:"presence,omitempty"`
	Reason     string            `json:"reason,omitempty"`
	Identities []Identity        `json:"identities,omitempty"`
	Patterns   []Identity        `json:"patterns,omitempty"`
}

// Finding is one thing worth knowing about an artifact.
type Finding struct {
	Code    compare.Code  `json:"code"`
	Level   compare.Level `json:"level"`
	Message string        `json:"message"`
}

// Unrecognised is a file that no name pattern understands.
type Unrecognised struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Trouble is something that could not be looked at.
type Trouble struct {
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

// Time is a moment; in JSON, RFC 3339 in UTC ("2026-01-31T12:00:00Z").
type Time struct{ time.Time }

// UnmarshalJSON refuses a time that is not written in UTC, so that two
// documents that say the same are the same.
func (t *Time) UnmarshalJSON(data []byte) error {
	var u time.Time
	if err := json.Unmarshal(data, &u); err != nil {
		return err
	}
	if !strings.HasSuffix(string(data), `Z"`) {
		return fmt.Errorf("time %s is not in UTC", data)
	}
	t.Time = u.UTC()
	return nil
}

// newTime also drops what RFC 3339 cannot say: a monotonic reading, a zone name,
// and a time outside of its years 0 to 9999, which some bundle may claim: the
// others must not lose their report to it.
func newTime(t time.Time) Time {
	t = t.Round(0).UTC()
	if t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return Time{}
	}
	return Time{t}
}

// Run is what a run hands over to be reported.
type Run struct {
	Generator    Generator
	Time         time.Time // of the run
	Offline      bool
	Sources      []string // as the user named them
	Part         *Part    // nil: all of the sources
	Origins      []Origin // of merged parts
	Trust        Trust    // whose keys also give signers their names
	Assessments  []compare.Assessment
	Series       []compare.Series
	Cycle        *cycle.Cycle      // how long each series lives; nil: nothing is said of that
	Clients      *clients.Table    // which clients accept what; nil: nothing is said of that
	Asked        []clients.Version // versions of Clients' to be judged on each artifact
	Unrecognised []source.Unrecognised
	Troubles     []source.Trouble
}

// New returns the document of a run. It keeps the order of everything, and adds
// to the series what the release cycle and the table of clients say of them.
func New(r Run) *Document {
	d := &Document{
		SchemaVersion: SchemaVersion,
		Generator:     r.Generator,
		Created:       newTime(r.Time.Truncate(time.Second)),
		Offline:       r.Offline,
		Sources:       texts(r.Sources),
		Trust:         newTrust(r.Trust),
		Series:        make([]Series, 0, len(r.Series)),
		Artifacts:     make([]Artifact, 0, len(r.Assessments)),
		Unrecognised:  make([]Unrecognised, 0, len(r.Unrecognised)),
		Troubles:      make([]Trouble, 0, len(r.Troubles)),
	}
	for _, o := range r.Origins {
		d.Origins = append(d.Origins, Origin{o.Generator, newTime(o.Created.Time)})
	}
	if r.Part != nil {
		d.Part = &Part{Selection: text(r.Part.Selection), Of: r.Part.Of}
	}
	signers := make(map[string]Key, len(r.Trust.Keys))
	for _, k := range r.Trust.Keys {
		signers[k.Fingerprint] = k
	}
	for _, a := range r.Assessments {
		d.Artifacts = append(d.Artifacts, newArtifact(compare.AskClients(a, r.Clients, r.Asked), signers))
	}
	for _, v := range r.Asked {
		d.AskedClients = append(d.AskedClients, AskedClient{Client: v.Client, Version: v.Version})
	}
	if t := r.Clients; t != nil {
		d.Trust.ClientTable = ClientTable{Source: text(t.Source()), Version: t.Version(), SHA256: t.SHA256()}
	}
	if c := r.Cycle; c != nil {
		d.Trust.ReleaseCycle = ReleaseCycle{Source: text(c.Source()), Date: c.Date(), SHA256: c.SHA256()}
	}
	series := compare.WithClients(r.Series, r.Assessments, r.Clients)
	for _, s := range compare.WithCycle(series, r.Cycle, d.Created.Time) {
		d.Series = append(d.Series, newSeries(s))
	}
	for _, u := range r.Unrecognised {
		d.Unrecognised = append(d.Unrecognised, Unrecognised{Path: text(u.Location), Reason: text(u.Reason)})
	}
	for _, t := range r.Troubles {
		d.Troubles = append(d.Troubles, Trouble{Path: text(t.Location), Message: text(t.Message)})
	}
	d.count()
	return d
}

func newTrust(t Trust) Trust {
	t.TrustRoot.Source = text(t.TrustRoot.Source)
	t.TrustRoot.Newest = newTime(t.TrustRoot.Newest.Time)
	t.TrustRoot.Current = newTime(t.TrustRoot.Current.Time)
	t.Roster.Source = text(t.Roster.Source)
	t.ReleaseCycle.Source = text(t.ReleaseCycle.Source)
	t.ClientTable.Source = text(t.ClientTable.Source)
	keys := make([]Key, 0, len(t.Keys))
	for _, k := range t.Keys {
		k.Copies = slices.Clone(k.Copies)
		k.Expires = newTime(k.Expires.Time)
		for i := range k.Copies {
			k.Copies[i].Source = text(k.Copies[i].Source)
		}
		keys = append(keys, k)
	}
	t.Keys = keys
	t.Others = slices.Clone(t.Others)
	for i := range t.Others {
		o := &t.Others[i]
		o.TrustRoot.Source, o.Roster.Source = text(o.TrustRoot.Source), text(o.Roster.Source)
		o.ReleaseCycle.Source = text(o.ReleaseCycle.Source)
		o.TrustRoot.Newest = newTime(o.TrustRoot.Newest.Time)
		o.TrustRoot.Current = newTime(o.TrustRoot.Current.Time)
	}
	return t
}

func newSeries(s compare.Series) Series {
	out := Series{Series: s.Series.String(), Readiness: s.Readiness, Reasons: make([]Reason, 0, len(s.Reasons))}
	for _, r := range s.Reasons {
		reason := Reason{Code: r.Code, Message: text(r.Message)}
		if len(r.Artifacts) > 0 {
			reason.Artifacts = texts(r.Artifacts)
		}
		out.Reasons = append(out.Reasons, reason)
	}
	out.Status, out.FirstRelease, out.EndOfLife = s.Life.Status, s.Life.FirstRelease, s.Life.EndOfLife
	out.PGP, out.Sigstore = Period(s.Life.PGP), Period(s.Life.Sigstore)
	for _, r := range s.Clients {
		out.Clients = append(out.Clients, newClient(r))
	}
	return out
}

func newArtifact(a compare.Assessment, signers map[string]Key) Artifact {
	out := Artifact{
		Name:     text(a.Name.File),
		Version:  a.Name.Version.String(),
		Series:   a.Name.Version.Series().String(),
		Role:     string(a.Name.Role),
		Kind:     string(a.Name.Kind),
		Platform: text(a.Name.Platform),
		URL:      text(a.URL),
		Size:     known(a.Size),
		SHA256:   a.SHA256,
		MD5:      a.MD5,

		ETag:         text(a.ETag),
		LastModified: text(a.LastModified),
		Verified:     newTime(a.Verified),

		PGP:      newPGP(a.Evidence, signers),
		Sigstore: newSigstore(a.Evidence),
		Expected: newExpected(a.Expected),
		Trouble:  text(a.Trouble),
		Verdict:  a.Verdict,
		Findings: make([]Finding, 0, len(a.Findings)),
	}
	if a.Name.Upstream != a.Name.File {
		out.Upstream = text(a.Name.Upstream)
	}
	switch {
	case !strings.Contains(a.Location, "://"):
		out.Path = text(a.Location)
	case out.URL == "":
		out.URL = text(a.Location)
	}
	for _, p := range a.Published {
		out.Published = append(out.Published, newPublished(p))
	}
	for _, f := range a.Findings {
		out.Findings = append(out.Findings, Finding{Code: f.Code, Level: f.Level, Message: text(f.Message)})
	}
	return out
}

func newPublished(p compare.Published) Published {
	out := Published{By: text(p.By), Size: known(p.Size), SHA256: p.SHA256, MD5: p.MD5, Hint: p.Hint}
	for _, kind := range slices.Sorted(maps.Keys(p.Links)) {
		out.Links = append(out.Links, Link{Sidecar: string(kind), At: text(p.Links[kind])})
	}
	return out
}

func newPGP(e compare.Evidence, signers map[string]Key) PGP {
	r := e.PGP
	signer := signers[string(r.Certificate)]
	return PGP{
		Status:          r.Status,
		Reason:          r.Reason,
		Weaknesses:      slices.Clone(r.Weaknesses),
		Detail:          text(r.Detail),
		Unseen:          e.PGPUnseen,
		Certificate:     string(r.Certificate),
		SigningKey:      string(r.SigningKey),
		UserID:          text(r.UserID),
		Signer:          signer.Person,
		SignerName:      signer.Name,
		Algorithm:       text(r.Algorithm),
		Issuer:          text(r.Issuer),
		Hash:            text(r.Hash),
		Created:         newTime(r.Created),
		Expires:         newTime(r.Expires),
		PacketVersion:   r.Version,
		KeyExpiredSince: newTime(r.KeyExpiredSince),
		KeyRevokedSince: newTime(r.KeyRevokedSince),
		Signatures:      r.Signatures,
		Others:          slices.Clone(r.Others),
		File:            text(e.PGPFile.Location),
		FileSHA256:      e.PGPFile.SHA256,
	}
}

func newSigstore(e compare.Evidence) Sigstore {
	r := e.Sigstore
	out := Sigstore{
		Status:           r.Status,
		Reason:           r.Reason,
		Detail:           text(r.Detail),
		NewerThanRoot:    r.NewerThanRoot,
		LegacyPair:       e.LegacyPair,
		Identity:         newIdentity(r.Identity.SAN, r.Identity.Issuer),
		Claimed:          newIdentity(r.Claimed.SAN, r.Claimed.Issuer),
		MediaType:        text(r.MediaType),
		BundleVersion:    text(r.BundleVersion),
		KeyAlgorithm:     text(r.KeyAlgorithm),
		HashAlgorithm:    text(r.HashAlgorithm),
		PredicateType:    text(r.PredicateType),
		DeprecatedP384:   r.DeprecatedP384,
		IssuerV1Only:     r.IssuerV1Only,
		LogID:            text(r.LogID),
		RekorVersion:     r.RekorVersion,
		LogTime:          newTime(r.LogTime),
		InclusionPromise: r.InclusionPromise,
		InclusionProof:   r.InclusionProof,
		Checkpoint:       r.Checkpoint,
		PromiseHolds:     r.PromiseHolds,
		PromiseIdentity:  newIdentity(r.PromiseIdentity.SAN, r.PromiseIdentity.Issuer),
		File:             text(e.Bundle.Location),
		FileSHA256:       e.Bundle.SHA256,
		SigFile:          text(e.Sig.Location),
		SigSHA256:        e.Sig.SHA256,
		CrtFile:          text(e.Crt.Location),
		CrtSHA256:        e.Crt.SHA256,
	}
	if r.LogID != "" {
		out.LogIndex = &r.LogIndex
	}
	for _, t := range r.Timestamps {
		if when := newTime(t); !when.IsZero() {
			out.Timestamps = append(out.Timestamps, when)
		}
	}
	return out
}

func newIdentity(san, issuer string) Identity {
	return Identity{SAN: text(san), Issuer: text(issuer)}
}

func newExpected(e keyrings.Expectation) Expected {
	out := Expected{
		Known:      e.Known,
		PGP:        ExpectedPGP{Presence: e.PGP, Reason: text(e.PGPReason)},
		Sigstore:   ExpectedSigstore{Presence: e.Sigstore, Reason: text(e.SigstoreReason)},
		SamePerson: e.SamePerson,
		Recalled:   text(e.Recalled),
	}
	for _, f := range e.Signers {
		out.PGP.Signers = append(out.PGP.Signers, string(f))
	}
	for _, id := range e.Identities {
		out.Sigstore.Identities = append(out.Sigstore.Identities, newIdentity(id.SAN, id.Issuer))
	}
	for _, p := range e.Patterns {
		out.Sigstore.Patterns = append(out.Sigstore.Patterns, newIdentity(p.SAN, p.Issuer))
	}
	return out
}

// known returns nil for the -1 that stands for an unknown size.
func known(size int64) *int64 {
	if size < 0 {
		return nil
	}
	return &size
}

// verdicts in the order in which people read them, from what is well to what
// is not.
var verdicts = []compare.Verdict{
	compare.Equivalent, compare.SigstoreOnly, compare.PGPOnly, compare.Unsigned,
	compare.Unchecked, compare.Conflict, compare.Failed,
}

var levels = []compare.Level{compare.Error, compare.Warning, compare.Note}

// count sets every number that follows from the lists.
func (d *Document) count() {
	d.Summary = Summary{
		Artifacts:    len(d.Artifacts),
		Verdicts:     noVerdicts(),
		Findings:     make(map[compare.Level]int, len(levels)),
		Unrecognised: len(d.Unrecognised),
		Troubles:     len(d.Troubles),
	}
	for _, l := range levels {
		d.Summary.Findings[l] = 0
	}
	series := make(map[string]*Series, len(d.Series))
	for i := range d.Series {
		s := &d.Series[i]
		s.Artifacts, s.Verdicts = 0, noVerdicts()
		series[s.Series] = s
	}
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		d.Summary.Verdicts[a.Verdict]++
		for _, f := range a.Findings {
			d.Summary.Findings[f.Level]++
		}
		if s := series[a.Series]; s != nil {
			s.Artifacts++
			s.Verdicts[a.Verdict]++
		}
	}
}

func noVerdicts() map[compare.Verdict]int {
	m := make(map[compare.Verdict]int, len(verdicts))
	for _, v := range verdicts {
		m[v] = 0
	}
	return m
}

// counted reports whether the document's numbers agree with its lists.
func (d *Document) counted() bool {
	c := *d
	c.Series = slices.Clone(d.Series)
	c.count()
	return d.Summary.Artifacts == c.Summary.Artifacts &&
		d.Summary.Unrecognised == c.Summary.Unrecognised &&
		d.Summary.Troubles == c.Summary.Troubles &&
		maps.Equal(d.Summary.Verdicts, c.Summary.Verdicts) &&
		maps.Equal(d.Summary.Findings, c.Summary.Findings) &&
		slices.EqualFunc(d.Series, c.Series, func(s, t Series) bool {
			return s.Artifacts == t.Artifacts && maps.Equal(s.Verdicts, t.Verdicts)
		})
}

// Exit returns the exit status that the document calls for, the same for every
// format: 2 if nothing was found or anything could not be checked, else 1 if
// there is a finding at failOn or above, else 0. A failOn that is no level
// means compare.Error.
func (d *Document) Exit(failOn compare.Level) int {
	if failOn < compare.Note || failOn > compare.Error {
		failOn = compare.Error
	}
	if len(d.Artifacts) == 0 || len(d.Troubles) > 0 {
		return 2
	}
	status := 0
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		if a.unchecked() {
			return 2
		}
		if a.Verdict == compare.Conflict || a.Verdict == compare.Failed {
			status = 1
		}
		for _, f := range a.Findings {
			if f.Level >= failOn {
				status = 1
			}
		}
	}
	return status
}

// unchecked reports whether something about the artifact could not be checked.
// A sidecar that cannot be parsed counts: nobody knows what it should have been.
func (a *Artifact) unchecked() bool {
	return a.Verdict == compare.Unchecked || a.Trouble != "" ||
		a.PGP.Status == pgp.Malformed || a.Sigstore.Status == sigstore.Malformed
}

// Place returns the artifact's path, else its URL, else its name: what reasons
// refer to it by.
func (a *Artifact) Place() string {
	switch {
	case a.Path != "":
		return a.Path
	case a.URL != "":
		return a.URL
	}
	return a.Name
}
