package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"migrate/compare"
	"migrate/internal/recipe"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/pgp"
	"migrate/report"
	"migrate/sigstore"
)

func (a *app) recipeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recipe SYSTEM",
		Short: "Write how to verify a release in a packaging system's own syntax",
		Long: `Write what a maintainer pastes to have a packaging system verify the source of a
CPython release: with Sigstore, with PGP, or with both. Who signs comes from the
roster. A recipe that was never run in its system says so.

Where a system pins digests, they are taken from a report (--from), which must
have found the artifact good by the method, or from the artifact itself
(--artifact), which is hashed and not verified. What is not known is marked, and
said on standard error.`,
		Example: `  migrate recipe --list
  migrate recipe arch --series 3.14 --release 3.14.0 --from report.json
  migrate recipe shell-cosign --release 3.13.5 --method both > verify.sh`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if book, err := recipe.Embedded(); err == nil {
				for _, s := range book.Systems() {
					names = append(names, s.Name+"\t"+s.Title)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.recipe(cmd.Context(), args, ownFormat(cmd)) },
	}
	flags := cmd.Flags()
	flags.StringSlice("series", nil, "the `SERIES`, e.g. 3.14")
	flags.StringSlice("release", nil, "the `VERSION`, e.g. 3.14.0 (default: the newest of the series in the report, or left open)")
	flags.String("method", "", "sigstore, both or pgp (default sigstore, if the system has it)")
	flags.String("from", "", "report `FILE` (json) to take digests from")
	flags.String("artifact", "", "source archive `FILE` to take digests from")
	flags.String("templates", "", "`DIR` with templates that add to the systems, or replace them")
	flags.Bool("list", false, "list the systems")
	flags.String("roster", "", "roster `FILE` in place of the built-in one")
	flags.String("format", "text", "text or json")
	return cmd
}

func (a *app) recipe(ctx context.Context, args []string, format string) error {
	if format != "text" && format != "json" {
		return fmt.Errorf("no such format: %s (want text or json)", format)
	}
	book, err := a.recipes()
	if err != nil {
		return err
	}
	if a.config.GetBool("list") {
		if len(args) > 0 {
			return errors.New("--list lists every system: name none")
		}
		return a.listSystems(book, format)
	}
	if len(args) == 0 {
		return errors.New("name a system: migrate recipe --list lists them")
	}
	system, ok := book.System(args[0])
	if !ok {
		return unknownSystem(book, args[0])
	}
	roster, err := a.loadRoster()
	if err != nil {
		return err
	}
	q, err := a.recipeRequest(ctx, system.Methods[0])
	if err != nil {
		return err
	}
	r, err := system.Recipe(roster, q)
	if err != nil {
		return err
	}
	for _, o := range r.Open {
		a.remark("%s is left open: put in %s", o.Mark, o.Put)
	}
	return a.writeTo("", func(w io.Writer) error {
		if format == "json" {
			return writeJSON(w, r)
		}
		return r.Text(w)
	})
}

// recipes returns the systems that the program knows, with those of --templates.
func (a *app) recipes() (*recipe.Book, error) {
	book, err := recipe.Embedded()
	if err != nil {
		return nil, err
	}
	dir := a.config.GetString("templates")
	if dir == "" {
		return book, nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("--templates %s: want a folder with files SYSTEM.tmpl", dir)
	}
	return book, book.Add(os.DirFS(dir), filepath.ToSlash(dir))
}

// unknownSystem names the systems there are, and what was perhaps meant.
func unknownSystem(book *recipe.Book, name string) error {
	var names []string
	guess := &cobra.Command{SuggestionsMinimumDistance: 3}
	for _, s := range book.Systems() {
		names = append(names, s.Name)
		guess.AddCommand(&cobra.Command{Use: s.Name, Run: func(*cobra.Command, []string) {}})
	}
	near := ""
	if all := guess.SuggestionsFor(name); len(all) > 0 {
		near = "did you mean " + strings.Join(all, " or ") + "? "
	}
	return fmt.Errorf("no such system: %s (%sthere are %s)", name, near, strings.Join(names, ", "))
}

// systemRow is a system as --list shows it.
type systemRow struct {
	System  string                            `json:"system"`
	Title   string                            `json:"title"`
	Methods []recipe.Method                   `json:"methods"`
	Tested  map[recipe.Method]recipe.Evidence `json:"tested"`
}

func (a *app) listSystems(book *recipe.Book, format string) error {
	return a.writeTo("", func(w io.Writer) error {
		rows := []systemRow{}
		for _, s := range book.Systems() {
			rows = append(rows, systemRow{s.Name, s.Title, s.Methods, s.Tested})
		}
		if format == "json" {
			return writeJSON(w, rows)
		}
		for _, row := range rows {
			var methods []string
			for _, m := range row.Methods {
				methods = append(methods, fmt.Sprintf("%s (%s)", m, row.Tested[m]))
			}
			if _, err := fmt.Fprintf(w, "%-22s %-40s %s\n", row.System, row.Title, strings.Join(methods, ", ")); err != nil {
				return err
			}
		}
		return nil
	})
}

// recipeRequest reads the flags.
func (a *app) recipeRequest(ctx context.Context, method recipe.Method) (recipe.Request, error) {
	q := recipe.Request{Method: method}
	var err error
	if text := a.config.GetString("method"); text != "" {
		if q.Method, err = recipe.ParseMethod(text); err != nil {
			return q, fmt.Errorf("--method: %w", err)
		}
	}
	p, err := a.part()
	if err != nil {
		return q, err
	}
	from, artifact := a.config.GetString("from"), a.config.GetString("artifact")
	switch {
	case len(p.series) > 1 || len(p.releases) > 1:
		return q, errors.New("a recipe is for one --series or one --release")
	case from != "" && artifact != "":
		return q, errors.New("digests come --from a report or from the --artifact, not from both")
	case len(p.releases) == 1:
		q.Release = &p.releases[0]
		q.Series = q.Release.Series()
	case len(p.series) == 0:
		return q, errors.New("say what the recipe is for: --series 3.14, or --release 3.14.0")
	}
	if len(p.series) == 1 {
		q.Series = p.series[0]
	}
	switch {
	case from != "":
		return q, takeFromReport(&q, from)
	case artifact != "":
		return q, takeFromArtifact(ctx, &q, artifact)
	}
	return q, nil
}

// takeFromReport takes release, digest and what the bundle needs out of a
// report, which must have found the artifact good by what the recipe verifies.
func takeFromReport(q *recipe.Request, file string) error {
	doc, err := readReport(file)
	if err != nil {
		return fmt.Errorf("--from %w", err)
	}
	var found *report.Artifact
	var version release.Version
	for i := range doc.Artifacts {
		art := &doc.Artifacts[i]
		v, err := release.ParseVersion(art.Version)
		if err != nil || v.Series() != q.Series || q.Release != nil && v != *q.Release || q.Release == nil && v.IsPre() {
			continue
		}
		name := art.Name
		if art.Upstream != "" {
			name = art.Upstream
		}
		switch {
		case name != recipe.Artifact(v).File:
		case found == nil || version.Compare(v) < 0:
			found, version = art, v
		case version == v && found.SHA256 != art.SHA256:
			return fmt.Errorf("--from %s: the report has two different %s: which is meant?", file, name)
		}
	}
	if found == nil {
		what := "a final release of " + q.Series.String()
		if q.Release != nil {
			what = q.Release.String()
		}
		return fmt.Errorf("--from %s: the report has no source of %s (the .tar.xz, or before 3.3 the .tgz)", file, what)
	}
	if err := believe(found, q.Method); err != nil {
		return fmt.Errorf("--from %s: %w", file, err)
	}
	q.Release, q.SHA256 = &version, found.SHA256
	if found.Size != nil {
		q.Size = *found.Size
	}
	if by := found.Sigstore; by.Status == sigstore.Good {
		q.Bundle = &recipe.Bundle{
			Identity: sigstore.Identity{SAN: by.Identity.SAN, Issuer: by.Identity.Issuer},
			Version:  by.BundleVersion, Rekor: by.RekorVersion,
		}
	}
	if goodPGP(found) {
		q.Signer = pgp.Fingerprint(found.PGP.Certificate)
	}
	return nil
}

// believe returns why the digest in a report must not be pinned, or nil: what
// the recipe verifies has to have been good.
func believe(art *report.Artifact, method recipe.Method) error {
	bySigstore := art.Sigstore.Status == sigstore.Good
	ok := bySigstore
	switch method {
	case recipe.PGP:
		ok = goodPGP(art)
	case recipe.Both:
		ok = goodPGP(art) && bySigstore
	}
	if !ok || art.Verdict == compare.Conflict || art.Verdict == compare.Failed || art.Trouble != "" || art.SHA256 == "" {
		return fmt.Errorf("the report did not find %s good by %s (verdict %s, PGP %s, Sigstore %s): its digest is not to be pinned",
			art.Name, method, art.Verdict, art.PGP.Status, art.Sigstore.Status)
	}
	return nil
}

func goodPGP(art *report.Artifact) bool {
	return art.PGP.Status == pgp.Good || art.PGP.Status == pgp.GoodRefreshed
}

// takeFromArtifact takes the digest of a file of the artifact's name.
func takeFromArtifact(ctx context.Context, q *recipe.Request, file string) error {
	name, ok := release.ParseName(filepath.Base(file))
	if !ok || name.Version.Series() != q.Series || q.Release != nil && name.Version != *q.Release ||
		name.Upstream != recipe.Artifact(name.Version).File {
		return fmt.Errorf("--artifact %s: want the source of the release, as %s or Debian's copy of it", file, wanted(*q))
	}
	at, _, err := source.At(file)
	if err != nil {
		return fmt.Errorf("--artifact: %w", err)
	}
	f, err := at.Open(ctx)
	if err != nil {
		return fmt.Errorf("--artifact %s: %w", file, pathless(err))
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return fmt.Errorf("--artifact %s: %w", file, pathless(err))
	}
	q.Release, q.SHA256, q.Size = &name.Version, hex.EncodeToString(h.Sum(nil)), n
	return nil
}

// wanted is the name of the file that a recipe is about.
func wanted(q recipe.Request) string {
	if q.Release != nil {
		return recipe.Artifact(*q.Release).File
	}
	v := release.Version{Major: q.Series.Major, Minor: q.Series.Minor}
	return strings.Replace(recipe.Artifact(v).File, v.String(), q.Series.String()+".N", 1)
}
