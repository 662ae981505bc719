package demo

import (
	"bytes"
	"text/template"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"migrate/pgp"
	"migrate/sigstore"
)

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 10, 0, 0, 0, time.UTC)
}

const year = 365 * 24 * time.Hour

// The issuers that vouch for identities, as invented as the people.
const (
	accounts = "https://accounts.demo.example"
	login    = "https://login.demo.example/oauth"
	ci       = "https://token.ci.demo.example"
)

// The identities that release managers sign with.
var (
	quentin = sigstore.Identity{SAN: "quentin@demo.example", Issuer: login}
	pavel   = sigstore.Identity{SAN: "pavel@demo.example", Issuer: login}
	mara    = sigstore.Identity{SAN: "mara@demo.example", Issuer: accounts}
	jonas   = sigstore.Identity{SAN: "jonas@demo.example", Issuer: accounts}
	yuki    = sigstore.Identity{SAN: "yuki@demo.example", Issuer: login}
	builder = sigstore.Identity{SAN: "https://ci.demo.example/demo/release/workflows/sign.yml@refs/tags/v3.16.0", Issuer: ci}
	nobody  = sigstore.Identity{SAN: "somebody@elsewhere.example", Issuer: accounts} // not in the roster
)

// people holds everybody's PGP keys.
type people struct {
	InesOld  *packet.PrivateKey // RSA-1024
	Ines     *packet.PrivateKey // expired in 2021
	Pavel    *packet.PrivateKey // only its refreshed copy is at hand
	Mara     *packet.PrivateKey // may certify only
	MaraSign *packet.PrivateKey // its subkey, which signs
	Jonas    *packet.PrivateKey // two copies, an old one and a refreshed one
	Felix    *packet.PrivateKey // RSA-2048
	Nora     *packet.PrivateKey // pinned, and deliberately not at hand

	// Quentin Vale's are for the vectors only.
	Revoked  *packet.PrivateKey // compromised
	Retired  *packet.PrivateKey // softly revoked in 2023
	Flagless *packet.PrivateKey // does not say what it is for
	Adopter  *packet.PrivateKey // has a subkey that never agreed to be one
	Adopted  *packet.PrivateKey
	Expired  *packet.PrivateKey // expired in 2021, as a self-signature of 2023 says
	Doubtful *packet.PrivateKey // has a revocation that cannot be read
	Obscure  *packet.PrivateKey // its self-signature of 2021 cannot be read
	Bare     *packet.PrivateKey // its revocation lies in a file of its own

	Stranger *packet.PrivateKey // in no roster
}

func newPeople() (*people, error) {
	var p people
	var err error
	rsa := func(to **packet.PrivateKey, bits int, created time.Time) {
		if err == nil {
			*to, err = rsaKey(bits, created)
		}
	}
	eddsa := func(to **packet.PrivateKey, name string, created time.Time) {
		if err == nil {
			*to, err = eddsaKey(name, created)
		}
	}
	sub := func(to **packet.PrivateKey, name string, created time.Time) {
		if eddsa(to, name, created); err == nil {
			(*to).IsSubkey = true
		}
	}
	rsa(&p.InesOld, 1024, date(2006, 3, 1))
	eddsa(&p.Ines, "ines", date(2013, 10, 1))
	eddsa(&p.Pavel, "pavel", date(2018, 6, 4))
	eddsa(&p.Mara, "mara", date(2020, 2, 3))
	sub(&p.MaraSign, "mara/sign", date(2020, 2, 3))
	eddsa(&p.Jonas, "jonas", date(2019, 9, 2))
	rsa(&p.Felix, 2048, date(2015, 4, 6))
	eddsa(&p.Nora, "nora", date(2014, 11, 2))
	eddsa(&p.Revoked, "quentin/revoked", date(2016, 5, 2))
	eddsa(&p.Retired, "quentin/retired", date(2016, 5, 2))
	eddsa(&p.Flagless, "quentin/flagless", date(2016, 5, 2))
	eddsa(&p.Adopter, "quentin/adopter", date(2016, 5, 2))
	sub(&p.Adopted, "quentin/adopted", date(2016, 5, 2))
	eddsa(&p.Expired, "quentin/expired", date(2016, 5, 2))
	eddsa(&p.Doubtful, "quentin/doubtful", date(2016, 5, 2))
	eddsa(&p.Obscure, "quentin/obscure", date(2016, 5, 2))
	eddsa(&p.Bare, "quentin/bare", date(2016, 5, 2))
	eddsa(&p.Stranger, "stranger", date(2016, 5, 2))
	return &p, err
}

// keyFiles makes the public keys, without Nora's.
func (m *maker) keyFiles() {
	p := m.people
	for _, k := range []struct {
		file string
		cert *certificate
	}{
		{"ines-okafor-2006", newCertificate(p.InesOld).user("Ines Okafor (demo) <ines@demo.example>").
			self(date(2006, 3, 1), certifyAndSign)},
		{"ines-okafor-2013", newCertificate(p.Ines).user("Ines Okafor (demo) <ines@demo.example>").
			self(date(2013, 10, 1), certifyAndSign, keyExpires(8*year))},
		{"pavel-lindqvist", newCertificate(p.Pavel).user("Pavel Lindqvist (demo) <pavel@demo.example>").
			self(date(2024, 12, 2), certifyAndSign)},
		{"mara-castellano", newCertificate(p.Mara).user("Mara Castellano (demo) <mara@demo.example>").
			self(date(2020, 2, 3), certifyOnly).subkey(p.MaraSign, date(2020, 2, 3), true)},
		{"jonas-wren-2019", newCertificate(p.Jonas).user("Jonas Wren (demo) <jonas@demo.example>").
			self(date(2019, 9, 2), certifyAndSign, keyExpires(6*year))},
		{"jonas-wren-2025", newCertificate(p.Jonas).user("Jonas Wren (demo) <jonas@demo.example>").
			self(date(2025, 7, 1), certifyAndSign)},
		{"felix-duarte", newCertificate(p.Felix).user("Felix Duarte (demo) <felix@demo.example>").
			self(date(2015, 4, 6), certifyAndSign)},
		{"quentin-vale-revoked", newCertificate(p.Revoked).revoke(date(2023, 3, 1), packet.KeyCompromised).
			user("Quentin Vale (demo) <quentin@demo.example>").self(date(2016, 5, 2), certifyAndSign)},
		{"quentin-vale-retired", newCertificate(p.Retired).revoke(date(2023, 3, 1), packet.KeyRetired).
			user("Quentin Vale (demo) <quentin@demo.example>").self(date(2016, 5, 2), certifyAndSign)},
		{"quentin-vale-flagless", newCertificate(p.Flagless).user("Quentin Vale (demo) <quentin@demo.example>").
			self(date(2016, 5, 2))},
		{"quentin-vale-adopter", newCertificate(p.Adopter).user("Quentin Vale (demo) <quentin@demo.example>").
			self(date(2016, 5, 2), certifyAndSign).subkey(p.Adopted, date(2016, 5, 2), false)},
		{"quentin-vale-expired", newCertificate(p.Expired).user("Quentin Vale (demo) <quentin@demo.example>").
			self(date(2016, 5, 2), certifyAndSign, keyExpires(5*year)).self(date(2023, 3, 1), certifyAndSign, keyExpires(5*year))},
		{unreadableDir + "/quentin-vale-doubtful", newCertificate(p.Doubtful).user("Quentin Vale (demo) <quentin@demo.example>").
			self(date(2016, 5, 2), certifyAndSign).unreadable(newCertificate(p.Doubtful).revoke(date(2023, 3, 1), packet.KeyCompromised))},
		{"quentin-vale-obscure", newCertificate(p.Obscure).user("Quentin Vale (demo) <quentin@demo.example>").
			self(date(2016, 5, 2), certifyAndSign).
			unreadable(newCertificate(p.Obscure).user("Quentin Vale (demo) <quentin@demo.example>").self(date(2021, 5, 2), certifyAndSign, keyExpires(6*year)))},
		{"quentin-vale-bare", newCertificate(p.Bare).user("Quentin Vale (demo) <quentin@demo.example>").
			self(date(2016, 5, 2), certifyAndSign)},
		{"quentin-vale-bare-revocation", newCertificate(p.Bare).revoke(date(2023, 3, 1), packet.KeyCompromised).loose()},
	} {
		if data, err := k.cert.armored(); m.ok(err) {
			m.add(keysDir+"/"+k.file+".asc", data)
		}
	}
}

// roster makes roster.yaml.
func (m *maker) roster() {
	p := m.people
	prints := map[string]pgp.Fingerprint{
		"IO1": fingerprint(p.InesOld), "IO2": fingerprint(p.Ines), "PL": fingerprint(p.Pavel), "MC": fingerprint(p.Mara),
		"JW": fingerprint(p.Jonas), "FD": fingerprint(p.Felix), "NQ": fingerprint(p.Nora),
		"QV1": fingerprint(p.Revoked), "QV2": fingerprint(p.Retired), "QV3": fingerprint(p.Flagless), "QV4": fingerprint(p.Adopter),
		"QV5": fingerprint(p.Expired), "QV6": fingerprint(p.Doubtful), "QV7": fingerprint(p.Obscure), "QV8": fingerprint(p.Bare),
	}
	var out bytes.Buffer
	if m.ok(rosterText.Execute(&out, prints)) {
		m.add(dir+"/roster.yaml", out.Bytes())
	}
}

var rosterText = template.Must(template.New("roster").Option("missingkey=error").Parse(`# The roster of the demonstration: invented people who sign invented releases.
# It has the form of the program's own roster and nothing else in common with it.
# Made by internal/demo; do not edit.

version: 2026-01-15

people:
  felix-duarte: Felix Duarte
  ines-okafor: Ines Okafor
  jonas-wren: Jonas Wren
  mara-castellano: Mara Castellano
  nora-quist: Nora Quist
  pavel-lindqvist: Pavel Lindqvist
  quentin-vale: Quentin Vale
  yuki-hartmann: Yuki Hartmann

keys:
  IO1: {person: ines-okafor,     fingerprint: {{.IO1}}, algorithm: RSA-1024, note: "made in 2006"}
  IO2: {person: ines-okafor,     fingerprint: {{.IO2}}, algorithm: Ed25519, note: "made in 2013, expired in 2021"}
  PL:  {person: pavel-lindqvist, fingerprint: {{.PL}}, algorithm: Ed25519, note: "only the copy refreshed in 2024 is at hand"}
  MC:  {person: mara-castellano, fingerprint: {{.MC}}, algorithm: Ed25519, note: "signs with a subkey"}
  JW:  {person: jonas-wren,      fingerprint: {{.JW}}, algorithm: Ed25519, note: "two copies: one expired in 2025, one was refreshed before that"}
  FD:  {person: felix-duarte,    fingerprint: {{.FD}}, algorithm: RSA-2048}
  NQ:  {person: nora-quist,      fingerprint: {{.NQ}}, algorithm: Ed25519, note: "left out of the demonstration's keys"}
  # These have something wrong with them; only the vectors use them.
  QV1: {person: quentin-vale,    fingerprint: {{.QV1}}, algorithm: Ed25519, note: "revoked as compromised"}
  QV2: {person: quentin-vale,    fingerprint: {{.QV2}}, algorithm: Ed25519, note: "retired in 2023"}
  QV3: {person: quentin-vale,    fingerprint: {{.QV3}}, algorithm: Ed25519, note: "does not say what it is for"}
  QV4: {person: quentin-vale,    fingerprint: {{.QV4}}, algorithm: Ed25519, note: "adopted a subkey that never agreed"}
  QV5: {person: quentin-vale,    fingerprint: {{.QV5}}, algorithm: Ed25519, note: "expired in 2021"}
  QV6: {person: quentin-vale,    fingerprint: {{.QV6}}, algorithm: Ed25519, note: "has a revocation that cannot be read"}
  QV7: {person: quentin-vale,    fingerprint: {{.QV7}}, algorithm: Ed25519, note: "has a self-signature that cannot be read"}
  QV8: {person: quentin-vale,    fingerprint: {{.QV8}}, algorithm: Ed25519, note: "its revocation is a file of its own"}

identities:
  quentin: {person: quentin-vale,    san: quentin@demo.example, issuer: https://login.demo.example/oauth}
  pavel:   {person: pavel-lindqvist, san: pavel@demo.example,   issuer: https://login.demo.example/oauth}
  mara:    {person: mara-castellano, san: mara@demo.example,    issuer: https://accounts.demo.example}
  jonas:   {person: jonas-wren,      san: jonas@demo.example,   issuer: https://accounts.demo.example}
  yuki:    {person: yuki-hartmann,   san: yuki@demo.example,    issuer: https://login.demo.example/oauth}
  builder: {pattern: 'https://ci\.demo\.example/demo/release/workflows/sign\.yml@refs/tags/v3\.1[67]\.\d+', issuer: https://token.ci.demo.example}

same-person: [source]

series:
  - {series: 2.7, source: {first: [IO1], 2.7.9rc1: [IO2]}, windows: [FD], sigstore: none}
  - {series: 3.8,  source: [QV1, QV2, QV3, QV4, QV5, QV6, QV7, QV8], windows: [FD], sigstore: [quentin]}
  - {series: 3.9,  source: [PL], windows: [FD], macos: [NQ], sigstore: [pavel], sigstore-from: 3.9.14}
  - {series: 3.10, source: [MC], windows: [FD], macos: [NQ], sigstore: [mara],  sigstore-from: 3.10.7}
  - {series: 3.11, source: [MC], windows: [FD], macos: [NQ], sigstore: [mara]}
  - {series: 3.12..3.13, source: [JW], windows: [FD], macos: [NQ], sigstore: [jonas]}
  - {series: 3.14..3.15, pgp: none, sigstore: [yuki], why: "PEP 761: CPython 3.14 and later are not signed with PGP"}
  - {series: 3.16, pgp: none, sigstore: [builder], why: "PEP 761: CPython 3.14 and later are not signed with PGP"}

kinds:
  - {kind: windows-manifest, pgp: none, why: "manifests are signed with Sigstore only"}

exceptions:
  - {releases: 3.10.7, roles: [windows], sigstore: optional, why: "its Windows files have only a .sig and .crt pair"}
  - {releases: 3.11.14, roles: [source], signers: [MC, PL], why: "3.11.14 was made by Pavel Lindqvist for Mara Castellano"}

recalled:
  - {release: 3.9.8, why: "3.9.8 was recalled; use 3.9.9 or later"}
`))
