package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"migrate/compare"
	"migrate/internal/clients"
	"migrate/internal/cycle"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

const (
	wouters = "7169605F62C751356D054A26A821E680E5FA6305"
	pablo   = "A035C8C19219BA821ECEA86B64E628F8D684696D"
	langa   = "E3FF2839C048B25C084DEBE9B26995E310250568"

	github = "https://github.com/login/oauth"
	google = "https://accounts.google.com"
)

func digest(n int) string { return fmt.Sprintf("%064x", n) }

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// artifact returns an assessment to which the sample adds outcomes.
func artifact(version release.Version, file string, role release.Role, kind release.Kind) compare.Assessment {
	var a compare.Assessment
	a.Name = release.Name{File: file, Upstream: file, Version: version, Kind: kind, Role: role}
	a.Location = version.Final().String() + "/" + file
	a.Size = 22 << 20
	a.SHA256 = digest(len(file))
	a.Expected = keyrings.Expectation{
		PGP: keyrings.Required, PGPReason: "PGP until the end of life of 3.13 (PEP 761)",
		Sigstore: keyrings.Required, SigstoreReason: "Sigstore since 3.11.0",
		SamePerson: role == release.RoleSource, Known: true,
	}
	return a
}

func good(a *compare.Assessment, key, userID, san, issuer string) {
	if key != "" {
		a.Expected.Signers = []pgp.Fingerprint{pgp.Fingerprint(key)}
	}
	a.PGP = pgp.Result{
		Status: pgp.Good, Certificate: pgp.Fingerprint(key), SigningKey: pgp.Fingerprint(key), UserID: userID,
		Algorithm: "RSA-4096", Issuer: key, Hash: "SHA-512", Created: at("2025-06-11 15:56"), Version: 4, Signatures: 1,
	}
	a.Sigstore = sigstore.Result{
		Status: sigstore.Good, Identity: sigstore.Identity{SAN: san, Issuer: issuer}, Claimed: sigstore.Identity{SAN: san, Issuer: issuer},
		MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", BundleVersion: "0.3", KeyAlgorithm: "ECDSA-P256",
		HashAlgorithm: "SHA-256", LogIndex: 234567890, LogID: digest(7), RekorVersion: 1, LogTime: at("2025-06-11 15:58"),
		InclusionPromise: true, InclusionProof: true, Checkpoint: true,
	}
	a.PGPFile = compare.Sidecar{Location: a.Location + ".asc", SHA256: digest(8)}
	a.Bundle = compare.Sidecar{Location: a.Location + ".sigstore", SHA256: digest(9)}
	a.Verdict = compare.Equivalent
}

func add(a *compare.Assessment, code compare.Code, level compare.Level, message string) {
	a.Findings = append(a.Findings, compare.Finding{Code: code, Level: level, Message: message})
}

// sampleCycle has all series of the sample but 3.12.
func sampleCycle() *cycle.Cycle {
	day := func(s string) cycle.Date {
		d, err := cycle.ParseDate(s)
		if err != nil {
			panic(err)
		}
		return d
	}
	return cycle.New("embedded", digest(6), day("2026-07-01"), map[release.Series]cycle.Row{
		{Major: 3, Minor: 9}:  {Status: cycle.EndOfLife, FirstRelease: day("2020-10-05"), EndOfLife: day("2025-10-31")},
		{Major: 3, Minor: 11}: {Status: cycle.Security, FirstRelease: day("2022-10-24"), EndOfLife: day("2027-10")},
		{Major: 3, Minor: 13}: {Status: cycle.Bugfix, FirstRelease: day("2024-10-07"), EndOfLife: day("2029-10")},
		{Major: 3, Minor: 14}: {Status: cycle.Bugfix, FirstRelease: day("2025-10-07"), EndOfLife: day("2030-10")},
	})
}

// sampleClients is a small table that shows every kind of answer.
func sampleClients(source, distribution string) *clients.Table {
	t, err := clients.Parse(source, fmt.Appendf(nil, `
version: 2026-08-01
clients:
  - name: cosign
    source: made for tests
    accepts: [{need: bundle-v0.1, first: 2.4.0}, {need: bundle-v0.2, first: 2.4.0}, {need: bundle-v0.3-parameter, first: 2.4.0}, {need: bundle-v0.3, first: 2.4.0},
      {need: no-checkpoint, first: never}, {need: p384-sha256, first: 2.4.0}, {need: rfc3161-timestamp, first: 2.4.0}, {need: rekor-v2, first: 2.6.0}]
    flags: [{flag: --new-bundle-format, from: 2.4.0, until: 2.4.1}]
  - name: sigstore-python
    source: made for tests
    accepts: [{need: bundle-v0.1, first: 1.1.0}, {need: bundle-v0.2, first: 2.0.0}, {need: bundle-v0.3-parameter, first: 3.0.0}, {need: bundle-v0.3, first: 3.0.0},
      {need: no-checkpoint, first: never}, {need: p384-sha256, first: unknown}, {need: rfc3161-timestamp, first: 3.6.0}, {need: rekor-v2, first: 4.0.0}]
  - name: sigstore-rs
    source: made for tests
    accepts: [{need: bundle-v0.1, first: always}, {need: bundle-v0.2, first: always}, {need: bundle-v0.3-parameter, first: never}, {need: bundle-v0.3, first: always},
      {need: no-checkpoint, first: unknown}, {need: p384-sha256, first: never}, {need: rfc3161-timestamp, first: unknown}, {need: rekor-v2, first: never}]
packages:
  - {client: cosign, distribution: %[1]q, release: trixie, package: cosign, version: 2.5.0, source: made for tests}
  - {client: cosign, distribution: %[1]q, release: bookworm, package: cosign, version: 2.2.4, source: made for tests}
  - {client: cosign, distribution: Alpine, release: 3.20 and later, package: cosign, version: 2.2.0, or-later: yes, source: made for tests}
  - {client: sigstore-python, distribution: %[1]q, release: trixie, package: sigstore-python, version: none, source: made for tests}
`, distribution))
	if err != nil {
		panic(err)
	}
	return t
}

// sampleRun shows every verdict and every readiness.
func sampleRun() Run {
	var list []compare.Assessment
	v := func(major, minor, micro int) release.Version {
		return release.Version{Major: major, Minor: minor, Micro: micro}
	}

	// 3.9: conflict, failed, unsigned, could not be read.
	a := artifact(v(3, 9, 9), "Python-3.9.9.tar.xz", release.RoleSource, release.KindSource)
	good(&a, langa, "Łukasz Langa <lukasz@python.org>", "lukasz@langa.pl", github)
	a.PGP = pgp.Result{Status: pgp.Bad, Detail: "the file is not the one that was signed", Issuer: langa, Hash: "SHA-512", Version: 4, Signatures: 1}
	a.Verdict = compare.Conflict
	add(&a, "compare/conflict", compare.Error, "Sigstore is good and PGP is bad")
	add(&a, "pgp/bad-signature", compare.Error, "The .asc is for other bytes than these")
	list = append(list, a)

	a = artifact(v(3, 9, 9), "python-3.9.9-amd64.exe", release.RoleWindows, release.KindWindowsInst)
	a.Name.Platform = "amd64"
	a.PGP = pgp.Result{Status: pgp.Malformed, Reason: pgp.HTML, Detail: "an HTML page in place of a signature"}
	a.Sigstore = sigstore.Result{Status: sigstore.DigestMismatch, Detail: "the bundle is for other bytes", Claimed: sigstore.Identity{SAN: "lukasz@langa.pl", Issuer: github}}
	a.Verdict = compare.Failed
	add(&a, "pgp/malformed", compare.Error, "An HTML page in place of a signature")
	add(&a, "sigstore/digest-mismatch", compare.Error, "The bundle is for other bytes than these")
	list = append(list, a)

	a = artifact(v(3, 9, 9), "python399.chm", release.RoleWindows, release.KindWindowsHelp)
	a.PGP, a.Sigstore = pgp.Result{Status: pgp.Missing}, sigstore.Result{Status: sigstore.Missing}
	a.Expected.Sigstore, a.Expected.PGP = keyrings.Optional, keyrings.Optional
	a.Verdict = compare.Unsigned
	add(&a, "compare/unsigned", compare.Note, "Neither an .asc nor a bundle exists")
	list = append(list, a)

	// 3.11: gaps.
	a = artifact(v(3, 11, 2), "Python-3.11.2.tgz", release.RoleSource, release.KindSource)
	good(&a, pablo, "", "pablogsal@python.org", google)
	a.PGP, a.PGPFile = pgp.Result{Status: pgp.Missing}, compare.Sidecar{}
	a.Sigstore.BundleVersion, a.Sigstore.KeyAlgorithm, a.Sigstore.DeprecatedP384 = "0.2", "ECDSA-P384", true
	a.Verdict = compare.SigstoreOnly
	add(&a, "pgp/missing", compare.Warning, "There is no .asc though one is expected")
	add(&a, "sigstore/deprecated-p384-sha256", compare.Note, "A P-384 key signed over SHA-256")
	list = append(list, a)

	a = artifact(v(3, 11, 2), "python-3.11.2-amd64.exe", release.RoleWindows, release.KindWindowsInst)
	a.Name.Platform = "amd64"
	good(&a, "7ED10B6531D7C8E1BC296021FC624643487034E5", "Steve Dower <steve.dower@python.org>", "", "")
	a.Sigstore, a.Bundle = sigstore.Result{Status: sigstore.Missing}, compare.Sidecar{}
	a.Verdict = compare.PGPOnly
	add(&a, "sigstore/missing", compare.Warning, "There is no bundle though one is expected")
	list = append(list, a)

	// 3.12: undetermined.
	a = artifact(v(3, 12, 4), "Python-3.12.4.tar.xz", release.RoleSource, release.KindSource)
	good(&a, wouters, "", "thomas@python.org", google)
	a.PGP = pgp.Result{Status: pgp.UnknownKey, Detail: "no certificate for the issuer", Issuer: wouters, Hash: "SHA-512", Version: 4, Signatures: 1}
	a.Verdict = compare.Unchecked
	add(&a, "pgp/unknown-key", compare.Warning, "Signed by key "+wouters+", which is not at hand: `gpg --keyserver hkps://keys.openpgp.org --recv-keys "+wouters+"`")
	list = append(list, a)

	a = artifact(v(3, 12, 4), "python-3.12.4-macos11.pkg", release.RoleMacOS, release.KindMacOS)
	a.Name.Platform = "macos11"
	a.Size, a.SHA256 = -1, ""
	a.Trouble = "open 3.12.4/python-3.12.4-macos11.pkg: permission denied"
	a.PGP = pgp.Result{Reason: pgp.Unreadable, Detail: a.Trouble}
	a.Sigstore = sigstore.Result{Reason: sigstore.Unreadable, Detail: a.Trouble}
	a.Verdict = compare.Unchecked
	add(&a, "source/unreadable", compare.Error, a.Trouble)
	list = append(list, a)

	// 3.13: ready.
	for _, file := range []string{"Python-3.13.5.tar.xz", "Python-3.13.5.tgz"} {
		a = artifact(v(3, 13, 5), file, release.RoleSource, release.KindSource)
		good(&a, wouters, "Thomas Wouters <thomas@python.org>", "thomas@python.org", google)
		add(&a, "pgp/key-expired-since", compare.Note, "The key expired on 2026-07-02, after the signature was made")
		a.PGP.KeyExpiredSince = at("2026-07-02 10:00")
		list = append(list, a)
	}

	// 3.14: ready, without PGP.
	for _, file := range []string{"Python-3.14.0.tar.xz", "python-3.14.0-aarch64-linux-android.tar.gz"} {
		role, kind := release.RoleSource, release.KindSource
		if strings.Contains(file, "android") {
			role, kind = release.RoleAndroid, release.KindAndroid
		}
		a = artifact(v(3, 14, 0), file, role, kind)
		good(&a, "", "", "hugo@python.org", github)
		a.PGP, a.PGPFile = pgp.Result{Status: pgp.Missing}, compare.Sidecar{}
		a.Expected.PGP, a.Expected.PGPReason = keyrings.None, "PEP 761: no PGP signatures from 3.14 on"
		a.Verdict = compare.SigstoreOnly
		list = append(list, a)
	}

	series := func(minor int, r compare.Readiness, reasons ...compare.Reason) compare.Series {
		s := compare.Series{Series: release.Series{Major: 3, Minor: minor}, Readiness: r, Reasons: reasons}
		s.Life.PGP.Presence, s.Life.Sigstore.Presence = keyrings.Required, keyrings.Required
		if minor > 13 {
			s.Life.PGP.Presence = keyrings.None
		}
		return s
	}
	return Run{
		Generator: Generator{Name: "migrate", Version: "1.0.0"},
		Time:      at("2026-08-06 09:30"),
		Offline:   true,
		Sources:   []string{"demo/mirror"},
		Trust: Trust{
			TrustRoot: TrustRoot{Source: "embedded", SHA256: digest(1), Newest: Time{at("2025-10-01 00:00")}},
			Roster:    Roster{Source: "embedded", Version: "2026-08-01", SHA256: digest(2)},
			Keys: []Key{
				{Fingerprint: wouters, Person: "thomas", Name: "Thomas Wouters", Copies: []KeyCopy{{Source: "embedded/thomas-wouters-debian.asc", SHA256: digest(3)}, {Source: "keys/thomas.asc", SHA256: digest(4)}}},
				{Fingerprint: "7ED10B6531D7C8E1BC296021FC624643487034E5", Person: "steve", Name: "Steve Dower", Copies: []KeyCopy{{Source: "keys/steve.asc", SHA256: digest(5)}}},
				{Fingerprint: langa, Person: "lukasz", Name: "Łukasz Langa"},
			},
		},
		Assessments: list,
		Cycle:       sampleCycle(),
		Clients:     sampleClients("embedded", "Debian"),
		Series: []compare.Series{
			series(9, compare.NotReady,
				compare.Reason{Code: "compare/conflict", Message: "One artifact is good by one method and refused by the other: download the file and both sidecars again, and do not use it before they agree", Artifacts: []string{"3.9.9/Python-3.9.9.tar.xz"}},
				compare.Reason{Code: "compare/failed", Message: "One artifact has no signature that is good: do not use it before that is explained", Artifacts: []string{"3.9.9/python-3.9.9-amd64.exe"}}),
			series(11, compare.ReadyWithGaps,
				compare.Reason{Code: "compare/missing-bundle", Message: "One artifact has no bundle though it should have one: keep checking its .asc, or pin its SHA-256", Artifacts: []string{"3.11.2/python-3.11.2-amd64.exe"}}),
			series(12, compare.Undetermined,
				compare.Reason{Code: "pgp/unknown-key", Message: "A key is not at hand: run `gpg --keyserver hkps://keys.openpgp.org --recv-keys " + wouters + "`, pass it with --keyring and run again", Artifacts: []string{"3.12.4/Python-3.12.4.tar.xz"}},
				compare.Reason{Code: "source/unreadable", Message: "One artifact could not be read: make it readable and run again", Artifacts: []string{"3.12.4/python-3.12.4-macos11.pkg"}}),
			series(13, compare.Ready,
				compare.Reason{Code: "compare/ready", Message: "Check Sigstore in place of PGP: both give the same answer for every artifact"}),
			series(14, compare.Ready),
		},
		Unrecognised: []source.Unrecognised{{Location: "3.13.5/notes.txt", Reason: "no artifact name known"}},
		Troubles:     []source.Trouble{{Location: "3.12.4/loop", Message: "a symlink that leads back to its own folder: remove it"}},
	}
}

// hostile are strings that try to be more than text in some format.
var hostile = []string{
	"<script>alert(1)</script>",
	"<img src=x onerror=alert(1)>",
	"a|b|c",
	`a\|b`,
	`trailing\`,
	"`code`",
	"``` fence",
	"`|`",
	"[link](https://example.com)",
	"![image](https://example.com/x.png)",
	"https://example.com/",
	"www.example.com",
	"somebody@example.com",
	"@maintainer please merge",
	"#1 GH-2 python/cpython#3",
	"**bold** _em_ ~~gone~~",
	"# heading",
	"- item",
	"1. item",
	"1) item",
	"> quote",
	"---",
	"&lt;b&gt; &#64;someone",
	"</details>",
	"<!-- comment",
	"line\nbreak\r\n| --- |",
	"tab\there",
	"\x1b[31mred\x1b[0m",
	"\x00\x07\x7f\u0085",
	"right\u202eto left",
	"zero\u200bwidth\ufeff\u2060",
	"invisible\u3164\u115f\u2800\ufe0f\u034f",
	"tag\U000e0041",
	"line\u2028separator",
	"not UTF-8: \xff\xfe",
	":smile: $x^2$",
	"  blanks  ",
	"",
	strings.Repeat("long-name_", 30),
	"日本語のファイル名.tar.xz",
	"e\u0301\u0301\u0301",
	"👩‍👩‍👧‍👦1️⃣",
	"a` `b",
	"(`a`b`)",
	"`unclosed",
	"``two`` `one`",
	"` `",
	"two  blanks",
}

// hostileRun has s in every place that something from outside gets to.
func hostileRun(s string) Run {
	a := artifact(release.Version{Major: 3, Minor: 13, Micro: 5}, s, release.RoleSource, release.KindSource)
	good(&a, wouters, s, s, s)
	a.Name.Upstream, a.Name.Platform = s+"x", s
	a.Location = "3.13.5/" + s
	a.URL = s
	a.PGP.Detail, a.PGP.Issuer, a.PGP.Algorithm, a.PGP.Hash = s, s, s, s
	a.PGP.Certificate = langa // of nobody's in the roster: the user ID is shown
	a.Sigstore.Detail, a.Sigstore.MediaType, a.Sigstore.Claimed.SAN = s, s, s
	a.Expected.PGPReason, a.Expected.SigstoreReason, a.Expected.Recalled = s, s, s
	a.Published = []compare.Published{{By: s, Size: -1}}
	a.Trouble, a.Verdict = s, compare.Unchecked
	a.PGPFile.Location, a.Bundle.Location = s, s
	add(&a, "compare/conflict", compare.Error, s)
	add(&a, "compare/conflict", compare.Error, "said of "+s+" and more")
	table := sampleClients(s, "Debian")
	if clean := strings.TrimSpace(s); clean == text(s) && clean != "" && strings.ToValidUTF8(s, "") == s && !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) && len(s) <= 300 {
		table = sampleClients(s, s)
	}
	return Run{
		Generator: Generator{Name: "migrate", Version: "1"},
		Time:      at("2026-08-06 09:30"),
		Sources:   []string{s},
		Part:      &Part{Selection: s, Of: 3},
		Trust: Trust{
			TrustRoot: TrustRoot{Source: s, SHA256: digest(1)},
			Roster:    Roster{Source: s, SHA256: digest(1)},
			Keys:      []Key{{Fingerprint: wouters, Name: "Name", Copies: []KeyCopy{{Source: s, SHA256: digest(1)}}}},
		},
		Assessments: []compare.Assessment{a},
		Clients:     table,
		Cycle: cycle.New(s, digest(1), cycle.Date{}, map[release.Series]cycle.Row{
			{Major: 3, Minor: 13}: {FirstRelease: cycle.Date{Year: 2024, Month: 10, Day: 7}, EndOfLife: cycle.Date{Year: 2029, Month: 10}},
		}),
		Series: []compare.Series{{
			Series: release.Series{Major: 3, Minor: 13}, Readiness: compare.NotReady,
			Reasons: []compare.Reason{{Code: "compare/conflict", Message: s, Artifacts: []string{s}}},
		}},
		Unrecognised: []source.Unrecognised{{Location: s, Reason: s}},
		Troubles:     []source.Trouble{{Location: s, Message: s}},
	}
}

// bigRun has n artifacts in 20 series, of which every 50th failed.
func bigRun(n int) Run {
	r := sampleRun()
	r.Assessments, r.Series = nil, nil
	for i := range n {
		version := release.Version{Major: 3, Minor: i * 20 / n, Micro: i / 10 % 30}
		a := artifact(version, fmt.Sprintf("python-%s-%d-amd64.exe", version, i), release.RoleWindows, release.KindWindowsInst)
		good(&a, wouters, "Thomas Wouters", "thomas@python.org", google)
		if i%50 == 0 {
			a.Verdict = compare.Failed
			a.PGP.Status, a.Sigstore.Status = pgp.Bad, sigstore.Bad
			add(&a, "pgp/bad-signature", compare.Error, "The .asc is for other bytes")
		}
		add(&a, "pgp/key-expired-since", compare.Note, fmt.Sprintf("the key expired %d days later", i%7))
		r.Assessments = append(r.Assessments, a)
	}
	for minor := range 20 {
		r.Series = append(r.Series, compare.Series{
			Series: release.Series{Major: 3, Minor: minor}, Readiness: compare.NotReady,
			Reasons: []compare.Reason{{Code: "compare/failed", Message: "No artifact has a signature that is good: do not use them"}},
		})
	}
	return r
}
