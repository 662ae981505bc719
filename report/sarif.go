package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"migrate/compare"
)

// maxResults is how many results GitHub takes in one run; a file with more is
// refused as a whole ("SARIF support for code scanning", limits).
const maxResults = 25000

// SARIF writes the findings as a SARIF 2.1.0 log of one run. What could not be
// checked stands among the notifications of its invocation, which has failed
// if there is any: results say what was found, and nothing can be found where
// nobody could look. Each artifact is listed with its verdict and outcomes.
//
// Of more than 25,000 findings those of the highest levels are written, and a
// notification says how many were not.
func SARIF(w io.Writer, d *Document) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(newSARIF(d, maxResults)); err != nil {
		return fmt.Errorf("writing the report as SARIF: %w", err)
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}

// The types have the properties that are used here, under the names of
// SARIF 2.1.0, section 3.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Artifacts   []sarifArtifact   `json:"artifacts"`
		Results     []sarifResult     `json:"results"` // empty: looked, and found nothing
		Properties  sarifRunFacts     `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string         `json:"id"`
		Short   sarifText      `json:"shortDescription"`
		Full    sarifText      `json:"fullDescription"`
		Help    sarifText      `json:"help"`
		Default sarifLevel     `json:"defaultConfiguration"`
		Facts   sarifRuleFacts `json:"properties"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifLevel struct {
		Level compare.Level `json:"level"`
	}
	sarifRuleFacts struct {
		Tags []string `json:"tags"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Start         Time                `json:"startTimeUtc"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     compare.Level   `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifArtifact struct {
		Location sarifURI           `json:"location"`
		Length   int64              `json:"length"` // -1: unknown
		Hashes   sarifHashes        `json:"hashes,omitzero"`
		Facts    sarifArtifactFacts `json:"properties"`
	}
	sarifHashes struct {
		SHA256 string `json:"sha-256"`
	}
	sarifArtifactFacts struct {
		Name     string          `json:"name"`
		Series   string          `json:"series"`
		Version  string          `json:"version"`
		Verdict  compare.Verdict `json:"verdict"`
		PGP      string          `json:"pgp"`      // in words, with the reason
		Sigstore string          `json:"sigstore"` // in words, with the reason
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Kind         string            `json:"kind"`
		Level        compare.Level     `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints sarifFingerprints `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifURI    `json:"artifactLocation"`
		Region   sarifRegion `json:"region,omitzero"`
	}
	sarifURI struct {
		URI   string `json:"uri"`
		Index *int   `json:"index,omitempty"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifFingerprints struct {
		// GitHub follows a result over time by this one, and by no other.
		Line string `json:"primaryLocationLineHash"`
	}
	sarifRunFacts struct {
		Offline bool          `json:"offline"`
		Sources []string      `json:"sources"`
		Series  []sarifSeries `json:"series"`
		Summary Summary       `json:"summary"`
		Trust   Trust         `json:"trust"`
	}
	sarifSeries struct {
		Series    string            `json:"series"`
		Readiness compare.Readiness `json:"readiness"`
		Reasons   []string          `json:"reasons"`
	}
)

// newSARIF leaves out what is above limit results.
func newSARIF(d *Document, limit int) sarifLog {
	c := sarifConverter{rules: make(map[compare.Code]int), seen: make(map[string]int)}
	run := sarifRun{
		Tool:      sarifTool{sarifDriver{Name: d.Generator.Name, Version: d.Generator.Version, Rules: c.ruleList(d)}},
		Artifacts: c.artifactList(d),
		Results:   c.resultList(d, limit),
		Invocations: []sarifInvocation{{
			// Whatever the level that fails a run, status 2 is trouble.
			Successful:    d.Exit(compare.Error) != 2,
			Start:         d.Created,
			Notifications: sarifNotifications(d, limit),
		}},
		Properties: sarifRunFacts{Offline: d.Offline, Sources: d.Sources, Series: sarifReadiness(d), Summary: d.Summary, Trust: d.Trust},
	}
	return sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	}
}

// sarifConverter knows which index a rule and an artifact have in the log.
type sarifConverter struct {
	rules     map[compare.Code]int
	artifacts []int          // by index in the document
	seen      map[string]int // results with the same fingerprint so far
}

// ruleList returns a rule for each code that occurs, by code.
func (c *sarifConverter) ruleList(d *Document) []sarifRule {
	levels := make(map[compare.Code]compare.Level) // for codes without an entry
	var codes []compare.Code
	for i := range d.Artifacts {
		for _, f := range d.Artifacts[i].Findings {
			if _, ok := levels[f.Code]; !ok {
				codes = append(codes, f.Code)
			}
			levels[f.Code] = max(levels[f.Code], f.Level)
		}
	}
	slices.Sort(codes)
	rules := make([]sarifRule, 0, len(codes))
	for i, code := range codes {
		c.rules[code] = i
		e, ok := compare.Explain(code)
		if !ok { // of a report that another version wrote
			e = compare.Entry{Code: code, Level: levels[code], Title: string(code), Meaning: string(code)}
		}
		rules = append(rules, newSARIFRule(e))
	}
	return rules
}

func newSARIFRule(e compare.Entry) sarifRule {
	verifier, _, _ := strings.Cut(string(e.Code), "/")
	help := sarifText{Text: sarifMessage(e.Meaning), Markdown: prose(e.Meaning)}
	if e.Action != "" {
		help.Text += "\n\nWhat to do: " + sarifMessage(e.Action)
		help.Markdown += "\n\n**What to do:** " + prose(e.Action)
	}
	if e.Source != "" {
		help.Text += "\n\nSource: " + sarifMessage(e.Source)
		help.Markdown += "\n\n**Source:** " + prose(e.Source)
	}
	return sarifRule{
		ID:      string(e.Code),
		Short:   sarifText{Text: sarifMessage(e.Title)},
		Full:    sarifText{Text: sarifMessage(e.Meaning)},
		Help:    help,
		Default: sarifLevel{e.Level},
		Facts:   sarifRuleFacts{Tags: []string{verifier}},
	}
}

// artifactList lists every artifact, with or without findings. Items of the
// list have to differ, so two that are alike in everything share one.
func (c *sarifConverter) artifactList(d *Document) []sarifArtifact {
	list := make([]sarifArtifact, 0, len(d.Artifacts))
	index := make(map[sarifArtifact]int, len(d.Artifacts))
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		s := sarifArtifact{
			Location: sarifURI{URI: a.uri()},
			Length:   -1,
			Hashes:   sarifHashes{a.SHA256},
			Facts: sarifArtifactFacts{
				Name: a.Name, Series: a.Series, Version: a.Version, Verdict: a.Verdict,
				PGP: Escape(a.pgpOutcome().String()), Sigstore: Escape(a.sigstoreOutcome().String()),
			},
		}
		if a.Size != nil {
			s.Length = *a.Size
		}
		n, ok := index[s]
		if !ok {
			n = len(list)
			index[s] = n
			list = append(list, s)
		}
		c.artifacts = append(c.artifacts, n)
	}
	return list
}

// resultList returns the findings in the document's order. All are of kind
// fail: any other kind has no level (section 3.27.9), and would lose it.
func (c *sarifConverter) resultList(d *Document, limit int) []sarifResult {
	left := quotas(d, limit)
	list := make([]sarifResult, 0, min(limit, findings(d)))
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		for _, f := range a.Findings {
			print := c.fingerprint(a, f.Code)
			if left[f.Level] == 0 {
				continue
			}
			left[f.Level]--
			list = append(list, sarifResult{
				RuleID:    string(f.Code),
				RuleIndex: c.rules[f.Code],
				Kind:      "fail",
				Level:     f.Level,
				Message:   sarifText{Text: sarifMessage(f.Message)},
				Locations: []sarifLocation{{sarifPhysical{
					Artifact: sarifURI{a.uri(), &c.artifacts[i]},
					Region:   sarifRegion{StartLine: 1}, // GitHub asks for one, of binary files too
				}}},
				Fingerprints: sarifFingerprints{Line: print},
			})
		}
	}
	return list
}

// quotas shares limit among the levels, errors first.
func quotas(d *Document, limit int) map[compare.Level]int {
	left := make(map[compare.Level]int, len(levels))
	for _, l := range levels {
		left[l] = min(limit, d.Summary.Findings[l])
		limit -= left[l]
	}
	return left
}

func findings(d *Document) (n int) {
	for _, l := range levels {
		n += d.Summary.Findings[l]
	}
	return n
}

// fingerprint is the same for the same code and artifact in every report, also
// of a mirror that has moved: the sentence may change, for example with the
// number of days it names. A number
// tells findings apart that have both in common, as GitHub's own do.
func (c *sarifConverter) fingerprint(a *Artifact, code compare.Code) string {
	name := a.Name
	if a.Upstream != "" {
		name = a.Upstream
	}
	sum := sha256.Sum256([]byte(string(code) + "\x00" + name + "\x00" + a.Version))
	hash := hex.EncodeToString(sum[:16])
	c.seen[hash]++
	return fmt.Sprintf("%s:%d", hash, c.seen[hash])
}

// sarifNotifications say what could not be looked at or checked, as errors;
// the others do not make a run fail.
func sarifNotifications(d *Document, limit int) []sarifNotification {
	list := []sarifNotification{}
	add := func(level compare.Level, place, message string) {
		n := sarifNotification{Level: level, Message: sarifText{Text: sarifMessage(message)}}
		if place != "" {
			n.Locations = []sarifLocation{{sarifPhysical{Artifact: sarifURI{URI: reference(place)}}}}
		}
		list = append(list, n)
	}
	if len(d.Artifacts) == 0 {
		add(compare.Error, "", "No artifacts were found, so nothing was checked.")
	}
	for _, t := range d.Troubles {
		add(compare.Error, t.Path, "Could not be looked at: "+t.Message)
	}
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		if a.unchecked() {
			add(compare.Error, a.Place(), fmt.Sprintf("%s could not be checked in full: verdict %s, PGP %s, Sigstore %s",
				a.Name, a.Verdict, a.pgpOutcome().what(), a.sigstoreOutcome().what()))
		}
	}
	for _, u := range d.Unrecognised {
		add(compare.Note, u.Path, "Not recognised, and not verified: "+u.Reason)
	}
	if n := findings(d) - limit; n > 0 {
		add(compare.Warning, "", fmt.Sprintf("%s of the lowest levels left out, since no more than %d are taken; the report as json has all", count(n, "finding"), limit))
	}
	return list
}

func sarifReadiness(d *Document) []sarifSeries {
	list := make([]sarifSeries, 0, len(d.Series))
	for _, s := range d.Series {
		reasons := make([]string, 0, len(s.Reasons))
		for _, r := range s.Reasons {
			reasons = append(reasons, Escape(r.Message))
		}
		list = append(list, sarifSeries{s.Series, s.Readiness, reasons})
	}
	return list
}

// sarifEscapes keep text from being a placeholder (section 3.11.5) or an
// embedded link (3.11.6). Escape has doubled every backslash before.
var sarifEscapes = strings.NewReplacer("{", "{{", "}", "}}", "[", `\[`, "]", `\]`)

// sarifMessage returns s as a plain text message.
func sarifMessage(s string) string { return sarifEscapes.Replace(Escape(s)) }

// uri is where the artifact is, as a URI reference.
func (a *Artifact) uri() string { return reference(a.Place()) }

// reference makes a URI reference of a path or URL. Only what is surely a URL
// of the web stays one; everything else is a path, so that nothing from outside
// becomes a link of another scheme.
func reference(place string) string {
	u, err := url.Parse(place)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		u = &url.URL{Path: place}
		if strings.HasPrefix(place, "/") {
			u.Scheme = "file"
		}
	}
	return percentEncode(u.String())
}

// percentEncode encodes what no URI holds (RFC 3986, section 2), which package
// url lets pass in hosts, queries and fragments.
func percentEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
