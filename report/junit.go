package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"migrate/compare"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// JUnit writes a test suite for each series, with a case for each artifact and
// method:
//
//	passed   the signature is good, by somebody the roster pins
//	failure  it was checked and is not to be accepted, or a finding is an error
//	error    it could not be checked
//	skipped  there is nothing to check, or nothing that counts
//
// What concerns the artifact and neither method alone (a conflict, an artifact
// that is not signed and should be) is a third case, there only if there is
// something to say. Places that could not be looked at are errors in a suite of
// their own.
// So nothing fails and nothing is in error exactly if Exit(compare.Error) is 0.
func JUnit(w io.Writer, d *Document) error {
	var all junit.Testsuites
	all.Name = Escape(d.Generator.String())
	artifacts := d.bySeries()
	for _, s := range d.Series {
		all.AddSuite(seriesSuite(d, s, artifacts[s.Series], len(all.Suites)))
		delete(artifacts, s.Series)
	}
	if s := sourcesSuite(d, artifacts, len(all.Suites)); s.Tests > 0 {
		all.AddSuite(s)
	}
	_, err := io.WriteString(w, xml.Header)
	if err == nil {
		err = all.WriteXML(w)
	}
	if err != nil {
		return fmt.Errorf("writing the report as JUnit XML: %w", err)
	}
	return nil
}

func newSuite(d *Document, name string, id int) junit.Testsuite {
	s := junit.Testsuite{
		Name: Escape(name),
		ID:   id,
		Time: "0", // a document does not know how long anything took
		// As the JUnit schema wants it, without a zone; it is UTC.
		Timestamp: d.Created.Format("2006-01-02T15:04:05"),
	}
	property := func(name, value string) { s.AddProperty(name, Escape(value)) }
	property("generator", d.Generator.String())
	property("created", d.Created.stamp())
	property("network", d.network())
	for _, source := range d.Sources {
		property("source", source)
	}
	property("trustRoot.sha256", d.Trust.TrustRoot.SHA256)
	property("roster.sha256", d.Trust.Roster.SHA256)
	return s
}

func seriesSuite(d *Document, series Series, artifacts []*Artifact, id int) junit.Testsuite {
	s := newSuite(d, series.Series, id)
	s.AddProperty("readiness", series.Readiness.String())
	for _, v := range verdicts {
		s.AddProperty("verdicts."+v.String(), fmt.Sprint(series.Verdicts[v]))
	}
	var reasons []string
	for _, r := range series.Reasons {
		reasons = append(reasons, fmt.Sprintf("%s: %s", r.Code, Escape(r.Message)))
	}
	if reasons != nil {
		s.SystemOut = &junit.Output{Data: strings.Join(reasons, "\n")}
	}
	addCases(&s, artifacts)
	return s
}

// sourcesSuite has what belongs to no series: places, files, and artifacts
// whose names are not CPython's.
func sourcesSuite(d *Document, rest map[string][]*Artifact, id int) junit.Testsuite {
	s := newSuite(d, "sources", id)
	names := uniqueNames{}
	add := func(place string, r result) {
		s.AddTestcase(r.testcase(names.next(cmp.Or(place, "source")), "sources", ""))
	}
	if len(d.Artifacts) == 0 {
		add("artifacts", result{outcome: inError, kind: "nothing-found", message: "no artifacts were found"})
	}
	for _, t := range d.Troubles {
		add(t.Path, result{outcome: inError, kind: "trouble", message: t.Message})
	}
	for _, u := range d.Unrecognised {
		add(u.Path, result{outcome: skipped, message: "not recognised, and not verified: " + u.Reason})
	}
	for i := range d.Artifacts {
		if a := &d.Artifacts[i]; rest[a.Series] != nil {
			addCases(&s, rest[a.Series])
			delete(rest, a.Series)
		}
	}
	return s
}

func addCases(s *junit.Testsuite, artifacts []*Artifact) {
	names := uniqueNames{}
	for _, a := range artifacts {
		name := names.next(a.Name)
		p, g := a.pgpResult(), a.sigstoreResult()
		s.AddTestcase(p.testcase(name+" PGP", a.Version, a.pgpFacts()))
		s.AddTestcase(g.testcase(name+" Sigstore", a.Version, a.sigstoreFacts()))
		if r := a.comparison(p, g); r.outcome != passed || len(r.findings) > 0 {
			s.AddTestcase(r.testcase(name+" comparison", a.Version, ""))
		}
	}
}

// uniqueNames numbers names that were there before: parsers take two cases of
// one name for one.
type uniqueNames map[string]int

func (u uniqueNames) next(name string) string {
	u[name]++
	if n := u[name]; n > 1 {
		return fmt.Sprintf("%s (%d)", name, n)
	}
	return name
}

// caseOutcome is what becomes of a case.
type caseOutcome uint8

const (
	inError caseOutcome = iota // nothing forgotten looks like a pass
	passed
	failed
	skipped
)

// result is one case before it is escaped.
type result struct {
	outcome  caseOutcome
	kind     string // status or code
	message  string
	findings []Finding
}

// testcase makes a case of the result. Everything is escaped here, which also
// takes away the characters that XML 1.0 cannot hold (section 2.2).
func (r result) testcase(name, class, facts string) junit.Testcase {
	var lines []string
	for _, f := range r.findings {
		lines = append(lines, fmt.Sprintf("%s %s: %s", f.Level, f.Code, Escape(f.Message)))
	}
	data := strings.Join(lines, "\n")
	c := junit.Testcase{Name: Escape(name), Classname: Escape(class)}
	content := &junit.Result{Message: Escape(r.message), Type: Escape(r.kind), Data: data}
	out := facts
	switch r.outcome {
	case passed:
		out = strings.Trim(facts+"\n"+data, "\n")
	case failed:
		c.Failure = content
	case skipped:
		content.Type = "" // the JUnit schema gives it none
		c.Skipped = content
	default:
		c.Error = content
	}
	if out != "" {
		c.SystemOut = &junit.Output{Data: out}
	}
	return c
}

func (a *Artifact) pgpResult() result {
	p := &a.PGP
	r := result{kind: p.Status.String(), message: describe(a.pgpOutcome(), p.Detail), findings: a.findingsOf("pgp/")}
	pinned := a.Expected.PGP.Signers
	switch p.Status {
	case pgp.Good, pgp.GoodRefreshed:
		r.outcome = failed
		switch {
		case slices.Contains(pinned, p.Certificate):
			r.outcome = passed
		case len(pinned) == 0:
			r.outcome, r.message = skipped, r.message+": the roster pins nobody, so it counts for nothing"
		}
	case pgp.Weak:
		r.outcome, r.message = skipped, r.message+": it counts for nothing"
	case pgp.Missing:
		r.outcome = skipped
	case pgp.WrongSigner:
		r.outcome = failed
		if len(pinned) == 0 {
			r.outcome, r.message = skipped, r.message+": the roster pins nobody, so it counts for nothing"
		}
	case pgp.Bad, pgp.Rejected:
		r.outcome = failed
	default: // unchecked, unknown-key, unsupported, malformed
		r.outcome = inError
		if p.Status == pgp.Unchecked && a.Trouble == "" &&
			(p.Reason == pgp.NotAsked || p.Unseen && a.Expected.PGP.Presence == keyrings.None) {
			r.outcome = skipped
		}
	}
	return r.withErrors()
}

func (a *Artifact) sigstoreResult() result {
	s := &a.Sigstore
	r := result{kind: s.Status.String(), message: describe(a.sigstoreOutcome(), s.Detail), findings: a.findingsOf("sigstore/")}
	switch s.Status {
	case sigstore.Good:
		r.outcome = passed
	case sigstore.GoodFromLog:
		r.outcome, r.message = skipped, r.message+": it is no bundle, and counts as none"
	case sigstore.Missing:
		r.outcome = skipped
	case sigstore.WrongIdentity:
		r.outcome = failed
		if e := a.Expected; !e.Known && len(e.Sigstore.Identities)+len(e.Sigstore.Patterns) == 0 {
			r.outcome, r.message = skipped, r.message+": the roster pins nobody, so it counts for nothing"
		}
	case sigstore.Untrusted:
		r.outcome = failed
		if s.NewerThanRoot {
			r.outcome = inError
		}
	case sigstore.DigestMismatch, sigstore.Bad:
		r.outcome = failed
	default: // unchecked, incompatible, malformed
		r.outcome = inError
		if s.Status == sigstore.Unchecked && s.Reason == sigstore.NotAsked && a.Trouble == "" {
			r.outcome = skipped
		}
	}
	return r.withErrors()
}

// comparison is well unless something is wrong that the cases of the two
// methods do not show.
func (a *Artifact) comparison(p, g result) result {
	r := result{outcome: passed, kind: a.Verdict.String(), message: "verdict: " + a.Verdict.String(), findings: a.findingsOf("compare/", "source/")}
	// It says that the two methods' cases are in error, and why; it is no failure.
	r.findings = slices.DeleteFunc(r.findings, func(f Finding) bool { return f.Code == "source/unreadable" })
	red := func(o caseOutcome) bool { return p.outcome == o || g.outcome == o }
	if a.unchecked() && !red(inError) {
		r.outcome = inError
	}
	r = r.withErrors()
	negative := a.Verdict == compare.Conflict || a.Verdict == compare.Failed
	if r.outcome == passed && negative && !red(failed) {
		r.outcome = failed
	}
	return r
}

// withErrors fails what would not be red although a finding is an error.
func (r result) withErrors() result {
	if r.outcome != passed && r.outcome != skipped {
		return r
	}
	for _, f := range r.findings {
		if f.Level == compare.Error {
			r.outcome, r.kind, r.message = failed, string(f.Code), f.Message
			break // errors come first
		}
	}
	return r
}

// findingsOf returns the findings whose code begins with one of the prefixes.
func (a *Artifact) findingsOf(prefixes ...string) []Finding {
	var list []Finding
	for _, f := range a.Findings {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(string(f.Code), p) }) {
			list = append(list, f)
		}
	}
	return list
}

func describe(o outcome, detail string) string {
	if detail == "" {
		return o.what()
	}
	return o.what() + ": " + detail
}

// pgpFacts are the evidence of a case, a line for each piece.
func (a *Artifact) pgpFacts() string {
	return facts("place", a.Place(), "sha256", a.SHA256, "verdict", a.Verdict.String(),
		"signer", a.pgpOutcome().who, "certificate", a.PGP.Certificate, "made", a.PGP.Created.stamp(), "hash", a.PGP.Hash)
}

func (a *Artifact) sigstoreFacts() string {
	return facts("place", a.Place(), "sha256", a.SHA256, "verdict", a.Verdict.String(),
		"identity", a.Sigstore.Identity.SAN, "issuer", a.Sigstore.Identity.Issuer,
		"bundle version", a.Sigstore.BundleVersion, "log entry", decimal(a.Sigstore.LogIndex), "logged", a.Sigstore.LogTime.stamp())
}

// facts writes names and values, leaving out those without a value.
func facts(pairs ...string) string {
	var lines []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			lines = append(lines, pairs[i]+": "+Escape(pairs[i+1]))
		}
	}
	return strings.Join(lines, "\n")
}
