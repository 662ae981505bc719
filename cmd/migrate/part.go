package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"migrate/internal/release"
	"migrate/internal/shard"
	"migrate/internal/source"
	"migrate/report"
)

// partFlags are the flags that take a part of the sources.
func partFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSlice("series", nil, "only artifacts of this `SERIES`, e.g. 3.13 (repeatable)")
	flags.StringSlice("release", nil, "only artifacts of this `VERSION`, e.g. 3.13.5 (repeatable)")
	flags.StringSlice("kind", nil, "only artifacts of this role or `KIND`, e.g. source,windows,macos (repeatable)")
	flags.String("shard", "", "only part `K/N` of N parts with about as many bytes each; see migrate matrix")
}

// part is what of the sources is asked for.
type part struct {
	series   []release.Series
	releases []release.Version
	kinds    source.Kinds
	shard    shard.Shard // zero: all
}

func (a *app) part() (part, error) {
	var p part
	for _, text := range a.config.GetStringSlice("series") {
		s, err := release.ParseSeries(text)
		if err != nil {
			return part{}, fmt.Errorf("--series: %w", err)
		}
		p.series = append(p.series, s)
	}
	for _, text := range a.config.GetStringSlice("release") {
		v, err := release.ParseVersion(text)
		if err != nil {
			return part{}, fmt.Errorf("--release: %w", err)
		}
		p.releases = append(p.releases, v)
	}
	var err error
	if p.kinds, err = source.ParseKinds(a.config.GetStringSlice("kind")); err != nil {
		return part{}, fmt.Errorf("--kind: %w", err)
	}
	if text := a.config.GetString("shard"); text != "" {
		if p.shard, err = shard.Parse(text); err != nil {
			return part{}, fmt.Errorf("--shard: %w", err)
		}
	}
	return p, nil
}

// whole reports whether nothing is left out.
func (p part) whole() bool {
	return !p.selects() && p.shard == shard.Shard{}
}

// selects reports whether artifacts are taken by what they are.
func (p part) selects() bool { return len(p.series)+len(p.releases) > 0 || p.kinds.String() != "" }

// of returns the part of a listing. Series, releases and kinds are taken first;
// a shard is one of what is left.
func (p part) of(items []source.Item) ([]source.Item, error) {
	if p.selects() {
		items = slices.DeleteFunc(slices.Clone(items), func(it source.Item) bool {
			anyVersion := len(p.series)+len(p.releases) == 0
			return !p.kinds.Has(it.Name) ||
				!anyVersion && !slices.Contains(p.series, it.Name.Version.Series()) && !slices.Contains(p.releases, it.Name.Version)
		})
		if len(items) == 0 {
			return nil, fmt.Errorf("there is no artifact of %s in the sources: see migrate matrix for what there is", p.asked())
		}
	}
	if p.shard == (shard.Shard{}) {
		return items, nil
	}
	parts, err := shard.Split(items, p.shard.N)
	if err != nil {
		return nil, fmt.Errorf("--shard %s: %w", p.shard, err)
	}
	return parts[p.shard.K-1], nil
}

// String returns the flags that ask for the part.
func (p part) String() string {
	var flags []string
	for _, s := range p.series {
		flags = append(flags, "--series "+s.String())
	}
	for _, v := range p.releases {
		flags = append(flags, "--release "+v.String())
	}
	if kinds := p.kinds.String(); kinds != "" {
		flags = append(flags, "--kind "+kinds)
	}
	if p.shard != (shard.Shard{}) {
		flags = append(flags, "--shard "+p.shard.String())
	}
	return strings.Join(flags, " ")
}

func (p part) asked() string {
	var names []string
	for _, s := range p.series {
		names = append(names, s.String())
	}
	for _, v := range p.releases {
		names = append(names, v.String())
	}
	if kinds := p.kinds.String(); kinds != "" {
		names = append(names, kinds)
	}
	return strings.Join(names, ", ")
}

// takePart leaves of a listing what the flags ask for, and says so in run.
func (a *app) takePart(items []source.Item, run *report.Run) ([]source.Item, error) {
	p, err := a.part()
	if err != nil || p.whole() {
		return items, err
	}
	taken, err := p.of(items)
	if err != nil {
		return nil, err
	}
	run.Part = &report.Part{Selection: p.String(), Of: len(items)}
	return taken, nil
}

// wantWhole refuses to take a part of a saved report, whose readiness is about
// all it has.
func (a *app) wantWhole() error {
	p, err := a.part()
	if err == nil && !p.whole() {
		err = errors.New("--series, --release, --kind and --shard divide sources: a saved report is rendered whole")
	}
	return err
}
