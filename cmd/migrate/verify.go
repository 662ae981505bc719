package main

import (
	"context"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/spf13/cobra"

	"migrate/compare"
	"migrate/internal/audit"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/report"
	"migrate/sigstore"
)

func (a *app) verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify FILE|sha256:HEX",
		Short: "Verify one artifact or digest both ways",
		Long: `Verify one artifact by its .asc and by its .sigstore bundle, both looked for
beside it unless they are named, against what the roster expects of a file of
that name.

With --certificate-identity (or its regular expression) and its issuer, or with
--key, the bundle is judged by these and the roster is not asked; PGP is then
judged only if --asc or --signer is given. A digest has no bytes, so it is
judged by Sigstore alone.

Exit status: 0 the artifact is good, 1 it is not, 2 it could not be decided.`,
		Example: `  migrate verify Python-3.13.5.tar.xz
  migrate verify sha256:93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640 --bundle Python-3.13.5.tar.xz.sigstore
  migrate verify app.tar.gz --bundle app.tar.gz.sigstore.json --certificate-identity me@example.org --certificate-oidc-issuer https://accounts.google.com`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.verify(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.String("asc", "", "detached OpenPGP signature `FILE` (default FILE.asc)")
	flags.String("bundle", "", "Sigstore bundle `FILE` (default FILE.sigstore, else FILE.sigstore.json)")
	flags.String("name", "", "python.org's `NAME` for the artifact, if the file has another")
	flags.String("certificate-identity", "", "the certificate's `SAN`, exactly")
	flags.String("certificate-identity-regexp", "", "RE2 `PATTERN` for the certificate's whole SAN")
	flags.String("certificate-oidc-issuer", "", "the certificate's OIDC issuer `URL`, exactly")
	flags.String("key", "", "public key `FILE` (PEM) that signed the bundle, in place of a certificate")
	flags.StringArray("signer", nil, "full `FINGERPRINT` of an OpenPGP certificate that may have signed, in place of the roster's (repeatable)")
	flags.String("format", "text", "text or json")
	trustFlags(cmd)
	return cmd
}

func (a *app) verify(cmd *cobra.Command, arg string) error {
	format := ownFormat(cmd)
	if format != "text" && format != "json" {
		return fmt.Errorf("no such format: %s (want text or json)", format)
	}
	now, err := a.present()
	if err != nil {
		return err
	}
	q, err := a.question(arg)
	if err != nil {
		return err
	}
	t, err := a.loadTrust(q.key != nil)
	if err != nil {
		return err
	}
	offline := true
	if !a.config.GetBool("offline") {
		var asked bool
		if q.only != audit.Sigstore && len(q.signers) == 0 {
			if asked, err = a.fetchKeys(cmd.Context(), t, now, signersOf(t.roster, []source.Item{q.item})); err != nil {
				return err
			}
		}
		offline = !asked && !hasPair(q.item)
	}
	auditor := audit.Auditor{Sigstore: t.verifier, Time: now, Key: q.key, Only: q.only}
	if !a.config.GetBool("offline") {
		auditor.Log = t.root.Log(a.post)
	}
	auditor.Expect = func(n release.Name) keyrings.Expectation { return q.expect(t.roster.Expect(n)) }
	if len(q.signers) > 0 {
		t.trustSigners(q.signers)
	}
	auditor.Keyring = t.keyring
	for _, p := range t.problems {
		a.complain(fmt.Errorf("%s: %s", p.Source, p.Message))
	}

	evidence := slices.Collect(auditor.Run(cmd.Context(), []source.Item{q.item}))
	if len(evidence) == 0 {
		return fmt.Errorf("%w: %s was not verified", context.Cause(cmd.Context()), arg)
	}
	run := report.Run{
		Generator: report.Generator{Name: "migrate", Version: version()},
		Time:      now,
		Offline:   offline,
		Sources:   []string{arg},
		Trust:     t.describe(),
	}
	run.Assessments, run.Series = compare.AssessAll(evidence, t.roster)
	doc := report.New(run)
	a.complainOf(doc)
	err = a.writeTo("", func(w io.Writer) error {
		if format == "json" {
			return report.JSON(w, doc)
		}
		return report.Text(w, doc)
	})
	if err != nil {
		return err
	}
	status := doc.Exit(compare.Error)
	if status == exitOK && !passes(run.Assessments[0]) {
		status = exitFindings
	}
	if status != exitOK {
		return exitError(status)
	}
	return nil
}

// passes says whether an artifact may be called verified: at least one method
// gives evidence that counts. A weak signature does not.
func passes(as compare.Assessment) bool {
	switch as.Verdict {
	case compare.Equivalent, compare.SigstoreOnly:
		return true
	case compare.PGPOnly:
		return as.PGP.Status == pgp.Good || as.PGP.Status == pgp.GoodRefreshed
	}
	return false
}

// question is what verify was asked: an artifact, and who should have signed it.
type question struct {
	item       source.Item
	only       audit.Method
	key        crypto.PublicKey
	identities []sigstore.Identity
	patterns   []sigstore.Pattern
	signers    []pgp.Fingerprint
}

// bySigstorePolicy says whether the bundle is judged by the flags and not by
// the roster.
func (q *question) bySigstorePolicy() bool {
	return q.key != nil || len(q.identities)+len(q.patterns) > 0
}

// question reads the flags. What they do not say is left to the roster.
func (a *app) question(arg string) (*question, error) {
	q := &question{}
	if err := a.askSigstore(q); err != nil {
		return nil, err
	}
	for _, s := range a.paths("signer") {
		f, err := pgp.ParseFingerprint(s)
		if err != nil {
			return nil, fmt.Errorf("--signer: %w", err)
		}
		q.signers = append(q.signers, f)
	}
	if err := a.askArtifact(q, arg); err != nil {
		return nil, err
	}

	asc := a.config.GetString("asc") != ""
	byPolicy := q.bySigstorePolicy()
	switch {
	case byPolicy && !asc && len(q.signers) == 0:
		q.only = audit.Sigstore
	case q.item.Open == nil:
		q.only = audit.Sigstore
	case q.item.Name.Kind == "" && !byPolicy && len(q.signers) > 0:
		q.only = audit.PGP
	}
	if q.only == audit.PGP && a.config.GetString("bundle") != "" {
		return nil, fmt.Errorf("%s is not the name of a CPython artifact: say who signed the --bundle with --certificate-identity and --certificate-oidc-issuer, or --key", q.item.Name.File)
	}
	if q.item.Open == nil && (asc || len(q.signers) > 0) {
		return nil, errors.New("OpenPGP signs bytes, not digests: name the artifact's file to have its .asc checked")
	}
	if q.item.Name.Kind == "" && !byPolicy && len(q.signers) == 0 {
		return nil, fmt.Errorf("%s is not the name of a CPython artifact: give python.org's with --name, or say who signed it with --certificate-identity and --certificate-oidc-issuer, --key or --signer", q.item.Name.File)
	}
	if q.item.Name.Kind == "" && asc && len(q.signers) == 0 {
		return nil, fmt.Errorf("%s is not the name of a CPython artifact: say with --signer whose --asc it should be", q.item.Name.File)
	}
	return q, nil
}

// askSigstore reads the flags that say who should have signed the bundle.
func (a *app) askSigstore(q *question) error {
	san := a.config.GetString("certificate-identity")
	pattern := a.config.GetString("certificate-identity-regexp")
	issuer := a.config.GetString("certificate-oidc-issuer")
	keyFile := a.config.GetString("key")
	switch {
	case keyFile != "" && (san != "" || pattern != "" || issuer != ""):
		return errors.New("--key is for bundles without a certificate: leave the --certificate flags away")
	case keyFile != "":
		data, err := readBounded(keyFile, maxTrustFile)
		if err != nil {
			return fmt.Errorf("--key: %w", err)
		}
		q.key, err = cryptoutils.UnmarshalPEMToPublicKey(data)
		if err != nil {
			return fmt.Errorf("--key %s: want a public key in PEM: %w", keyFile, err)
		}
	case san != "" && pattern != "":
		return errors.New("--certificate-identity and --certificate-identity-regexp exclude each other")
	case (san != "" || pattern != "") != (issuer != ""):
		return errors.New("an identity is a pair: give --certificate-identity together with --certificate-oidc-issuer")
	case san != "":
		q.identities = []sigstore.Identity{{SAN: san, Issuer: issuer}}
	case pattern != "":
		p, err := sigstore.ParsePattern(pattern, issuer)
		if err != nil {
			return fmt.Errorf("--certificate-identity-regexp: %w", err)
		}
		q.patterns = []sigstore.Pattern{p}
	}
	return nil
}

// askArtifact finds the artifact and its sidecars.
func (a *app) askArtifact(q *question, arg string) error {
	bundle := a.config.GetString("bundle")
	name := a.config.GetString("name")
	q.item = source.Item{Location: arg, Size: -1, Sidecars: map[release.Sidecar]source.File{}}
	if digest, ok := strings.CutPrefix(arg, "sha256:"); ok {
		if b, err := hex.DecodeString(digest); err != nil || len(b) != 32 {
			return fmt.Errorf("%s: want sha256: and 64 hex digits", arg)
		}
		if bundle == "" {
			return fmt.Errorf("%s: a digest has no sidecars: name its bundle with --bundle", arg)
		}
		q.item.SHA256 = strings.ToLower(digest)
		if name == "" {
			name, _, _ = release.SplitSidecar(filepath.Base(bundle))
		}
		if name == "" && q.bySigstorePolicy() {
			name = arg // nobody asks the roster
		}
	} else {
		file, size, err := source.At(arg)
		if err != nil {
			return fmt.Errorf("%w (verify takes one artifact, report takes folders)", err)
		}
		q.item.Open, q.item.Size = file.Open, size
		if q.item.Sidecars, err = source.Beside(arg); err != nil {
			return err
		}
		if name == "" {
			name = filepath.Base(arg)
		}
	}
	if name == "" {
		return fmt.Errorf("%s: its bundle's name does not say of which artifact it is: give python.org's with --name, or say who signed it with --certificate-identity and --certificate-oidc-issuer, or --key", arg)
	}
	if n, ok := release.ParseName(name); ok {
		q.item.Name = n
	} else {
		q.item.Name = release.Name{File: name, Upstream: name}
	}
	for flag, kind := range map[string]release.Sidecar{"asc": release.Asc, "bundle": release.Sigstore} {
		file := a.config.GetString(flag)
		if file == "" {
			continue
		}
		found, _, err := source.At(file)
		if err != nil {
			return fmt.Errorf("--%s: %w", flag, err)
		}
		q.item.Sidecars[kind] = found
	}
	return nil
}

// expect puts the answers of the flags in place of the roster's.
func (q *question) expect(exp keyrings.Expectation) keyrings.Expectation {
	if q.bySigstorePolicy() {
		exp.Identities, exp.Patterns = q.identities, q.patterns
		exp.Sigstore, exp.SigstoreReason = keyrings.Required, "asked for on the command line"
		exp.SamePerson, exp.Known = false, true
	}
	if len(q.signers) > 0 {
		exp.Signers = q.signers
		exp.PGP, exp.PGPReason = keyrings.Required, "asked for on the command line"
		exp.SamePerson, exp.Known = false, true
	}
	switch q.only {
	case audit.Sigstore:
		exp.PGP, exp.PGPReason = keyrings.None, "not asked for"
	case audit.PGP:
		exp.Sigstore, exp.SigstoreReason = keyrings.None, "not asked for"
	}
	return exp
}
