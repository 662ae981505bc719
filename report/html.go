package report

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// HTML writes the report as one file that needs no other: readiness and what
// to do, a matrix of series and kinds, a timeline of coverage, every artifact
// with its evidence, findings explained, and what the report stood on. All of
// that is there without JavaScript, which only filters and sorts. A content
// security policy in the file forbids every request and every script but its
// own (Content Security Policy Level 3, section 3.3). Nothing from outside can
// make markup, and all of it is made visible as Escape does.
func HTML(w io.Writer, d *Document) error {
	b := bufio.NewWriter(w)
	if err := htmlTemplate.Execute(b, newWebPage(d)); err != nil {
		return fmt.Errorf("writing the report as HTML: %w", err)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing the report as HTML: %w", err)
	}
	return nil
}

var (
	//go:embed html.tmpl
	htmlSource string
	//go:embed html.css
	htmlStyle string
	//go:embed html.js
	htmlScript string
)

// htmlTemplate is never written to. Everything in it that comes from outside
// goes through one of escape, quote or prose.
var htmlTemplate = template.Must(template.New("html").Funcs(template.FuncMap{
	"escape":       Escape,
	"quote":        quote,
	"prose":        proseSpans,
	"sentence":     sentence,
	"symbol":       symbol,
	"meaning":      func(v compare.Verdict) string { return meanings[v] },
	"count":        count,
	"clientsIntro": func() string { return clientsIntro },
	"minute":       Time.minute,
	"day":          Time.day,
	// These three are ours, and the policy has the digests of exactly these bytes.
	"style":  func() template.CSS { return template.CSS(htmlStyle) },
	"script": func() template.JS { return template.JS(htmlScript) },
	"policy": func() template.HTML {
		// Of meta's attributes html/template escapes content as if it could be
		// a script's; the whole element is passed by instead.
		return template.HTML(fmt.Sprintf(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src %s; script-src %s; img-src data:; base-uri 'none'; form-action 'none'">`,
			sourceHash(htmlStyle), sourceHash(htmlScript)))
	},
}).Parse(htmlSource))

// sourceHash returns the hash-source of an inline element (Content Security
// Policy Level 3, section 2.3.1).
func sourceHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// quote is Escape for what would otherwise not be seen at all.
func quote(s string) string {
	if s == "" {
		return `""`
	}
	return Escape(s)
}

// symbol returns a sign that tells a value from its neighbours without colour.
func symbol(v any) string {
	switch v {
	case compare.Equivalent:
		return "="
	case compare.SigstoreOnly:
		return "S"
	case compare.PGPOnly:
		return "P"
	case compare.Unsigned:
		return "∅"
	case compare.Conflict:
		return "≠"
	case compare.Failed, compare.NotReady:
		return "✗"
	case compare.Ready:
		return "✓"
	case compare.ReadyWithGaps:
		return "≈"
	}
	return "?" // Unchecked, Undetermined
}

// textSpan is text, or what stood between backticks in it.
type textSpan struct {
	Text string
	Code bool
}

func proseSpans(s string) []textSpan {
	parts := strings.Split(Escape(s), "`")
	if len(parts)%2 == 0 { // one is not closed
		return []textSpan{{Text: strings.Join(parts, "`")}}
	}
	var spans []textSpan
	for i, p := range parts {
		if p != "" {
			spans = append(spans, textSpan{p, i%2 == 1})
		}
	}
	return spans
}

// webPage is what the template shows. Identifiers in it are made of numbers
// only, since everything that has a name may come from outside.
type webPage struct {
	*Document
	Answer, Caveat, Network string

	Levels   []compare.Level
	Occurs   []compare.Verdict // verdicts of artifacts, in order
	Verdicts []compare.Verdict
	Steps    []webStep
	Clients  []webClients
	Matrix   webMatrix
	Life     lifeChart
	Timeline timeline
	Rows     []webRow
	Codes    []webCode
	Brief    bool // too long for every fold to be printed
}

// printedFolds is how many artifacts are printed with their evidence although
// nobody opened it: around a hundred sheets.
const printedFolds = 300

func newWebPage(d *Document) webPage {
	p := webPage{
		Document: d,
		Answer:   d.answer(),
		Caveat:   d.caveat(),
		Network:  d.network(),
		Levels:   levels,
		Verdicts: verdicts,
		Codes:    webCodes(d),
		Brief:    len(d.Artifacts) > printedFolds,
	}
	for _, v := range verdicts {
		if d.Summary.Verdicts[v] > 0 {
			p.Occurs = append(p.Occurs, v)
		}
	}
	anchors := make(map[compare.Code]string, len(p.Codes))
	for _, c := range p.Codes {
		anchors[c.Code] = c.Anchor
	}
	rows := make(map[string]string, len(d.Artifacts)) // place to anchor
	groups := d.seriesGroups()
	for _, g := range groups {
		for _, a := range g.artifacts {
			r := webRow{
				Artifact: a,
				Anchor:   "a" + strconv.Itoa(len(p.Rows)),
				PGP:      a.pgpOutcome(), Sigstore: a.sigstoreOutcome(),
				PGPState: a.pgpState(), SigstoreState: a.sigstoreState(),
				Evidence: a.evidenceFields(),
			}
			for _, f := range a.Findings {
				r.Findings = append(r.Findings, webFinding{f, anchors[f.Code]})
				if l := f.Level.String(); !slices.Contains(r.Levels, l) {
					r.Levels = append(r.Levels, l)
				}
			}
			if _, ok := rows[a.Place()]; !ok {
				rows[a.Place()] = r.Anchor
			}
			p.Rows = append(p.Rows, r)
		}
	}
	lives := make(map[string]string, len(d.Series))
	for i := range d.Series {
		if s := &d.Series[i]; !s.EndOfLife.IsZero() {
			lives[s.Series] = s.life()
		}
	}
	for i, s := range d.steps() {
		step := webStep{Anchor: "r" + strconv.Itoa(i), Readiness: s.readiness}
		for _, name := range s.series {
			step.Series = append(step.Series, webSeries{name, lives[name]})
		}
		for _, r := range s.reasons {
			reason := webReason{Reason: r, Anchor: anchors[r.Code]}
			for _, place := range r.Artifacts {
				reason.Places = append(reason.Places, webPlace{place, rows[place]})
			}
			step.Reasons = append(step.Reasons, reason)
		}
		p.Steps = append(p.Steps, step)
	}
	for _, l := range d.clientLines() {
		p.Clients = append(p.Clients, webClients{strings.Join(l.series, ", "), l.versions, l.notes})
	}
	p.Matrix = newWebMatrix(groups)
	p.Life = newLifeChart(d)
	p.Timeline = newTimeline(groups)
	return p
}

// seriesGroup is a series' artifacts in the document's order.
type seriesGroup struct {
	series    string
	artifacts []*Artifact
}

// seriesGroups returns every artifact, newest series first. Series that only
// artifacts name, in a document from elsewhere, come last: none is lost.
func (d *Document) seriesGroups() []seriesGroup {
	by := d.bySeries()
	var groups []seriesGroup
	take := func(series string) {
		if list := by[series]; len(list) > 0 {
			groups = append(groups, seriesGroup{series, list})
			delete(by, series)
		}
	}
	for _, s := range newestFirst(d.Series) {
		take(s.Series)
	}
	for i := range d.Artifacts {
		take(d.Artifacts[i].Series)
	}
	return groups
}

// webClients is a line on clients.
type webClients struct {
	Series, Versions string
	Notes            []string
}

type webStep struct {
	Anchor    string
	Series    []webSeries
	Readiness compare.Readiness
	Reasons   []webReason
}

type webSeries struct{ Name, Life string }

type webReason struct {
	Reason
	Anchor string // of the code's explanation; "" without code
	Places []webPlace
}

type webPlace struct {
	Place  string
	Anchor string // of the artifact; "" if there is none
}

type webRow struct {
	*Artifact
	Anchor                  string
	PGP, Sigstore           outcome
	PGPState, SigstoreState coverage
	Levels                  []string
	Findings                []webFinding
	Evidence                []fieldGroup
}

// Status returns what the method found, without who signed.
func (o outcome) Status() string { return o.what() }

// Who returns the signer or identity, or "".
func (o outcome) Who() string { return o.who }

type webFinding struct {
	Finding
	Anchor string
}

// webCode is one code that occurs, with its explanation.
type webCode struct {
	Code   compare.Code
	Anchor string
	Entry  *compare.Entry // nil if this program has no such code
	Level  compare.Level  // the highest that occurs; 0 if only reasons have it
	Count  int            // findings
}

func webCodes(d *Document) []webCode {
	var list []webCode
	index := make(map[compare.Code]int)
	see := func(c compare.Code) *webCode {
		i, ok := index[c]
		if !ok {
			i = len(list)
			index[c] = i
			w := webCode{Code: c}
			if e, ok := compare.Explain(c); ok {
				w.Entry = &e
			}
			list = append(list, w)
		}
		return &list[i]
	}
	for i := range d.Artifacts {
		for _, f := range d.Artifacts[i].Findings {
			w := see(f.Code)
			w.Count++
			w.Level = max(w.Level, f.Level)
		}
	}
	for _, s := range d.Series {
		for _, r := range s.Reasons {
			if r.Code != "" {
				see(r.Code)
			}
		}
	}
	slices.SortFunc(list, func(a, b webCode) int {
		return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(a.Code, b.Code))
	})
	for i := range list {
		list[i].Anchor = "f" + strconv.Itoa(i)
	}
	return list
}

// webMatrix is the picture of series and kinds.
type webMatrix struct {
	Kinds []string
	Rows  []matrixRow
}

type matrixRow struct {
	Series string
	Cells  []matrixCell // one for each kind
}

type matrixCell struct {
	Kind   string
	Counts []verdictCount // what is not well first; none: no such artifact
}

type verdictCount struct {
	Verdict compare.Verdict
	Count   int
}

// kindOrder has the kinds in the order in which people look for them.
var kindOrder = []string{
	string(release.KindSource), string(release.KindWindowsInst), string(release.KindWindowsMSI),
	string(release.KindWindowsEmbed), string(release.KindWindowsSymbols), string(release.KindWindowsHelp),
	string(release.KindWindowsIndex), string(release.KindMacOS), string(release.KindAndroid), string(release.KindIOS),
}

func newWebMatrix(groups []seriesGroup) webMatrix {
	type key struct {
		series, kind string
	}
	counts := make(map[key]map[compare.Verdict]int)
	var m webMatrix
	for _, g := range groups {
		for _, a := range g.artifacts {
			k := key{g.series, a.Kind}
			if counts[k] == nil {
				counts[k] = make(map[compare.Verdict]int)
			}
			counts[k][a.Verdict]++
			if !slices.Contains(m.Kinds, a.Kind) {
				m.Kinds = append(m.Kinds, a.Kind)
			}
		}
	}
	place := func(kind string) int {
		if i := slices.Index(kindOrder, kind); i >= 0 {
			return i
		}
		return len(kindOrder)
	}
	slices.SortFunc(m.Kinds, func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
	})
	for _, g := range groups {
		row := matrixRow{Series: g.series}
		for _, kind := range m.Kinds {
			cell := matrixCell{Kind: kind}
			for _, v := range slices.Backward(verdicts) {
				if n := counts[key{g.series, kind}][v]; n > 0 {
					cell.Counts = append(cell.Counts, verdictCount{v, n})
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// fieldGroup is a part of an artifact's evidence.
type fieldGroup struct {
	Title  string
	Fields []evidenceField
}

type evidenceField struct {
	Label, Value string
	Code         bool // to be compared letter by letter
}

func (g *fieldGroup) text(label, value string) {
	if value != "" {
		g.Fields = append(g.Fields, evidenceField{label, value, false})
	}
}

func (g *fieldGroup) code(label, value string) {
	if value != "" {
		g.Fields = append(g.Fields, evidenceField{label, value, true})
	}
}

func (g *fieldGroup) time(label string, t Time) {
	if !t.IsZero() {
		g.text(label, t.Format(time.RFC3339))
	}
}

func (g *fieldGroup) flag(label, value string, set bool) {
	if set {
		g.text(label, value)
	}
}

// evidenceFields returns everything the document has on an artifact but its findings.
func (a *Artifact) evidenceFields() []fieldGroup {
	return []fieldGroup{a.fields(), a.PGP.fields(), a.Sigstore.fields(), a.Expected.fields()}
}

func (a *Artifact) fields() fieldGroup {
	g := fieldGroup{Title: "Artifact"}
	g.text("Trouble", a.Trouble)
	g.code("Path", a.Path)
	g.code("URL", a.URL)
	g.code("Upstream's name", a.Upstream)
	g.text("Role", a.Role)
	g.text("Platform", a.Platform)
	if a.Size != nil {
		g.text("Size", count(int(*a.Size), "byte"))
	}
	g.code("SHA-256", a.SHA256)
	g.code("MD5", a.MD5)
	g.text("ETag", a.ETag)
	g.text("Last modified, says the server", a.LastModified)
	g.time("Verified by an earlier run", a.Verified)
	for _, p := range a.Published {
		g.text("Published by", p.By)
		if p.Size != nil {
			g.text("with size", count(int(*p.Size), "byte"))
		}
		g.code("with SHA-256", p.SHA256)
		g.code("with MD5", p.MD5)
		for _, l := range p.Links {
			g.code("linking ."+l.Sidecar, cmp.Or(l.At, "nowhere"))
		}
	}
	return g
}

func (p *PGP) fields() fieldGroup {
	g := fieldGroup{Title: "PGP"}
	g.text("Status", p.Status.String())
	g.text("Reason", string(p.Reason))
	for _, w := range p.Weaknesses {
		g.text("Weakness", string(w))
	}
	g.text("Detail", p.Detail)
	g.flag("Unseen", "the source cannot tell whether there is an .asc", p.Unseen)
	g.text("Signer", p.SignerName)
	g.text("Signer's id", p.Signer)
	g.text("User ID", p.UserID)
	g.code("Key", p.Certificate)
	if p.SigningKey != p.Certificate {
		g.code("Signing subkey", p.SigningKey)
	}
	g.text("Algorithm", p.Algorithm)
	g.text("Hash", p.Hash)
	g.time("Made", p.Created)
	g.time("Valid until", p.Expires)
	if p.Issuer != p.Certificate && p.Issuer != p.SigningKey {
		g.code("Issuer, as claimed", p.Issuer)
	}
	if p.PacketVersion != 0 {
		g.text("Packet version", strconv.Itoa(p.PacketVersion))
	}
	if p.Signatures != 0 {
		g.text("Signatures", strconv.Itoa(p.Signatures))
	}
	g.text("The others", p.others())
	g.time("Key expired since", p.KeyExpiredSince)
	g.time("Key revoked since", p.KeyRevokedSince)
	g.code("File", p.File)
	g.code("Its SHA-256", p.FileSHA256)
	return g
}

func (s *Sigstore) fields() fieldGroup {
	g := fieldGroup{Title: "Sigstore"}
	g.text("Status", s.Status.String())
	g.text("Reason", string(s.Reason))
	g.text("Detail", s.Detail)
	g.flag("Newer than the trust root", "a newer one could judge otherwise", s.NewerThanRoot)
	g.flag("Legacy pair", "a .sig and .crt lie beside the artifact", s.LegacyPair)
	g.code("SAN", s.Identity.SAN)
	g.code("Issuer", s.Identity.Issuer)
	if s.Claimed != s.Identity {
		g.code("SAN, as claimed", s.Claimed.SAN)
		g.code("Issuer, as claimed", s.Claimed.Issuer)
	}
	g.flag("Promise", "its inclusion promise holds", s.PromiseHolds)
	g.code("SAN by promise", s.PromiseIdentity.SAN)
	g.code("Issuer by promise", s.PromiseIdentity.Issuer)
	g.flag("Issuer extension", "only in its first, deprecated form", s.IssuerV1Only)
	if s.LogIndex != nil {
		g.text("Log index", strconv.FormatInt(*s.LogIndex, 10))
	}
	g.time("Log time", s.LogTime)
	g.code("Log ID", s.LogID)
	if s.RekorVersion != 0 {
		g.text("Rekor version", strconv.Itoa(s.RekorVersion))
	}
	for _, t := range s.Timestamps {
		g.time("Timestamp", t)
	}
	var proofs []string
	for _, p := range []struct {
		name string
		has  bool
	}{{"inclusion promise", s.InclusionPromise}, {"inclusion proof", s.InclusionProof}, {"checkpoint", s.Checkpoint}} {
		if p.has {
			proofs = append(proofs, p.name)
		}
	}
	g.text("Holds", enumerate(proofs))
	g.text("Bundle version", s.BundleVersion)
	g.code("Media type", s.MediaType)
	g.text("Key", s.KeyAlgorithm)
	g.text("Hash", s.HashAlgorithm)
	g.code("Statement", s.PredicateType)
	g.flag("Combination", "a P-384 key over SHA-256, which is deprecated", s.DeprecatedP384)
	g.code("File", s.File)
	g.code("Its SHA-256", s.FileSHA256)
	g.code("The .sig", s.SigFile)
	g.code("Its SHA-256", s.SigSHA256)
	g.code("The .crt", s.CrtFile)
	g.code("Its SHA-256", s.CrtSHA256)
	return g
}

func (e *Expected) fields() fieldGroup {
	g := fieldGroup{Title: "Expected"}
	g.text("Recalled", e.Recalled)
	g.flag("Series", "not in the roster", !e.Known)
	g.text("PGP", joinPresence(e.PGP.Presence, e.PGP.Reason))
	for _, s := range e.PGP.Signers {
		g.code("Key", s)
	}
	g.text("Sigstore", joinPresence(e.Sigstore.Presence, e.Sigstore.Reason))
	for _, id := range e.Sigstore.Identities {
		g.code("SAN", id.SAN)
		g.code("Issuer", id.Issuer)
	}
	for _, p := range e.Sigstore.Patterns {
		g.code("SAN like", p.SAN)
		g.code("Issuer", p.Issuer)
	}
	g.flag("Signers", "one person by both methods", e.SamePerson)
	return g
}

func joinPresence(p keyrings.Presence, reason string) string {
	if reason == "" {
		return string(p)
	}
	return string(p) + ": " + reason
}

// coverage is what one method has to show for an artifact, for the timeline.
// The zero value is coverUnseen, so that nothing forgotten looks like coverage.
type coverage uint8

const (
	coverUnseen   coverage = iota // could not be checked
	coverGood                     // good
	coverDiscount                 // valid, and does not count
	coverRefused                  // negative
	coverGap                      // missing though required
	coverLacking                  // missing, and nobody knows whether that is right
	coverSpared                   // missing, and optional
	coverExempt                   // missing as expected
	coverUndue                    // the source cannot show one, and none is due
)

// coverages in the order in which bars are stacked, from the bottom.
var coverages = []coverage{coverGood, coverDiscount, coverUnseen, coverRefused, coverGap, coverLacking, coverSpared, coverExempt, coverUndue}

var coverageWords = [...]struct{ class, words string }{
	coverUnseen:   {"unseen", "could not be checked"},
	coverGood:     {"covered", "good"},
	coverDiscount: {"discount", "valid but not counted (weak, from the log only, or by nobody the roster pins)"},
	coverRefused:  {"refused", "negative"},
	coverGap:      {"gap", "missing (a gap)"},
	coverLacking:  {"lacking", "missing (expectation unknown)"},
	coverSpared:   {"spared", "missing (optional)"},
	coverExempt:   {"exempt", "missing as expected"},
	coverUndue:    {"undue", "not shown by the source, and none is due"},
}

// Class returns the name of the state in the style sheet.
func (c coverage) Class() string { return coverageWords[c].class }

// Words returns the state in words.
func (c coverage) Words() string { return coverageWords[c].words }

// pgpState classifies as compare does: a valid signature covers only if the
// certificate is pinned for the artifact.
func (a *Artifact) pgpState() coverage {
	signers := a.Expected.PGP.Signers
	switch a.PGP.Status {
	case pgp.Good, pgp.GoodRefreshed, pgp.Weak, pgp.WrongSigner:
		switch {
		case len(signers) == 0:
			return coverDiscount
		case a.PGP.Status == pgp.WrongSigner, !slices.Contains(signers, a.PGP.Certificate):
			return coverRefused
		case a.PGP.Status == pgp.Weak:
			return coverDiscount
		}
		return coverGood
	case pgp.Bad, pgp.Rejected, pgp.Malformed:
		return coverRefused
	case pgp.Missing:
		return absentCoverage(a.Expected.PGP.Presence)
	case pgp.Unchecked:
		if a.PGP.Unseen && a.Expected.PGP.Presence == keyrings.None {
			return coverUndue
		}
	}
	return coverUnseen
}

func (a *Artifact) sigstoreState() coverage {
	switch a.Sigstore.Status {
	case sigstore.Good:
		return coverGood
	case sigstore.GoodFromLog:
		return coverDiscount
	case sigstore.WrongIdentity:
		if !a.Expected.Known && len(a.Expected.Sigstore.Identities)+len(a.Expected.Sigstore.Patterns) == 0 {
			return coverDiscount
		}
		return coverRefused
	case sigstore.Untrusted:
		if !a.Sigstore.NewerThanRoot {
			return coverRefused
		}
	case sigstore.DigestMismatch, sigstore.Bad, sigstore.Malformed:
		return coverRefused
	case sigstore.Missing:
		return absentCoverage(a.Expected.Sigstore.Presence)
	}
	return coverUnseen
}

func absentCoverage(p keyrings.Presence) coverage {
	switch p {
	case keyrings.Required:
		return coverGap
	case keyrings.Optional:
		return coverSpared
	case keyrings.None:
		return coverExempt
	}
	return coverLacking
}

// timeline is the picture of coverage: a lane for each series, in it a bar for
// each release and method. Lengths are in CSS pixels.
type timeline struct {
	Width, Height int
	Releases      int
	Lanes         []lane
	PGP, Sigstore tallies // of everything
	Occurs        []coverage
	Alarm         bool
}

type lane struct {
	Series string
	Y      int
	Bars   []releaseBar
}

type releaseBar struct {
	Release       string
	X             float64
	Width         float64
	Label         string // "" where there is no room
	PGP, Sigstore tallies
	Verdicts      string
	Alarm         bool // a conflict or failure, which a method's coverage does not show
	Rects         []barRect
}

type barRect struct {
	State  coverage
	X, Y   float64
	Width  float64
	Height float64
}

// tallies says how many artifacts are covered how.
type tallies [len(coverageWords)]int

// String returns, for example, "3 good, 1 missing (a gap)".
func (t tallies) String() string {
	var parts []string
	for _, c := range coverages {
		if t[c] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", t[c], c.Words()))
		}
	}
	return strings.Join(parts, ", ")
}

const (
	laneHeight  = 66
	trackHeight = 18.0
	trackGap    = 3.0
	barsFrom    = 108 // series and methods stand before it
	pictureTo   = 1000
	labelWidth  = 52 // enough for "3.14.0rc3"
	minRelease  = 12.0
	maxRelease  = 60.0
	minBar      = 3.0 // what is not well must be seen
)

func newTimeline(groups []seriesGroup) timeline {
	var t timeline
	longest := 1
	lanes := make([][][]*Artifact, len(groups))
	for i, g := range groups {
		lanes[i] = byRelease(g.artifacts)
		longest = max(longest, len(lanes[i]))
		t.Releases += len(lanes[i])
	}
	unit := min(max((pictureTo-barsFrom)/float64(longest), minRelease), maxRelease)
	every := 1
	for float64(every)*unit < labelWidth {
		every++
	}
	for i, g := range groups {
		l := lane{Series: g.series, Y: i * laneHeight}
		for j, artifacts := range lanes[i] {
			bar := releaseBar{Release: artifacts[0].Version, X: barsFrom + float64(j)*unit, Width: unit}
			if j%every == 0 {
				bar.Label = bar.Release
			}
			counts := make(map[compare.Verdict]int)
			for _, a := range artifacts {
				bar.PGP[a.pgpState()]++
				bar.Sigstore[a.sigstoreState()]++
				counts[a.Verdict]++
			}
			bar.Verdicts = strings.Join(tally(counts), ", ")
			bar.Alarm = counts[compare.Conflict]+counts[compare.Failed] > 0
			t.Alarm = t.Alarm || bar.Alarm
			bar.stack(bar.PGP, 0)
			bar.stack(bar.Sigstore, trackHeight+trackGap)
			for c := range bar.PGP {
				t.PGP[c] += bar.PGP[c]
				t.Sigstore[c] += bar.Sigstore[c]
			}
			l.Bars = append(l.Bars, bar)
		}
		t.Lanes = append(t.Lanes, l)
	}
	for _, c := range coverages {
		if t.PGP[c]+t.Sigstore[c] > 0 {
			t.Occurs = append(t.Occurs, c)
		}
	}
	t.Width = barsFrom + int(float64(longest)*unit) + labelWidth
	t.Height = len(groups) * laneHeight
	return t
}

// stack adds the bar of one method, whose track begins at y.
func (b *releaseBar) stack(t tallies, y float64) {
	total, states := 0, 0
	for _, n := range t {
		total += n
		if n > 0 {
			states++
		}
	}
	spare := trackHeight - minBar*float64(states)
	bottom := y + trackHeight
	for _, c := range coverages {
		if t[c] == 0 {
			continue
		}
		h := minBar + spare*float64(t[c])/float64(total)
		bottom -= h
		b.Rects = append(b.Rects, barRect{c, tenths(b.X + 1), tenths(bottom), tenths(b.Width - 2), tenths(h)})
	}
}

// tenths keeps lengths short in the file.
func tenths(f float64) float64 { return float64(int(f*10+0.5)) / 10 }
