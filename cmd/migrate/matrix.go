package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"migrate/internal/shard"
	"migrate/internal/source"
	"migrate/report"
)

func (a *app) matrixCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "matrix SOURCE...",
		Short: "List the jobs that make one report on several machines",
		Long: `List the jobs into which a CI system can divide the report on the sources. Each
runs migrate report with the arguments given for it, on the same sources, and
saves its part with --format json; migrate merge makes them one report, the same
as that of an undivided run.

--for github prints one line for strategy.matrix and fromJSON, --for gitlab a
child pipeline with the job that merges, --for json a plain list.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.matrix(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.String("for", "json", "the `SYSTEM` that runs the jobs: github, gitlab, json")
	flags.String("by", "series", "what a job has: a series, a release, or a shard")
	flags.Int("shards", 0, "with --by shard, how many jobs, with about as many bytes each")
	flags.StringP("output", "o", "", "write to `FILE` in place of standard output")
	siteFlags(cmd)
	return cmd
}

// job is one part of a report. Args and File hold only letters, digits, and
// ". / -", so that they can stand in a script as they are.
type job struct {
	Name      string `json:"name"`
	Args      string `json:"args"` // for migrate report
	File      string `json:"file"` // that its part goes to
	Artifacts int    `json:"artifacts"`
	Bytes     int64  `json:"bytes"` // as far as they are known
}

func newJob(name, flag string, items []source.Item) job {
	file := "part-" + strings.ReplaceAll(name, "/", "-of-") + ".json"
	return job{name, "--" + flag + " " + name, file, len(items), shard.Bytes(items)}
}

// The systems that matrix writes for, and what each takes.
var systems = map[string]func(w io.Writer, jobs []job, sources []string) error{
	"github": githubMatrix,
	"gitlab": gitlabPipeline,
	"json":   plainJobs,
}

func (a *app) matrix(ctx context.Context, args []string) error {
	write, ok := systems[a.config.GetString("for")]
	if !ok {
		return fmt.Errorf("--for %s: want github, gitlab or json", a.config.GetString("for"))
	}
	for _, arg := range args {
		if source.IsReport(arg) {
			return fmt.Errorf("%s is a saved report, which is rendered whole: name the sources it was made from", arg)
		}
	}
	var run report.Run
	items, err := a.list(ctx, args, &run)
	if err != nil {
		return err
	}
	// They are in every part's report too, and make its exit status 2.
	for _, t := range run.Troubles {
		a.complain(fmt.Errorf("%s: %s", t.Location, t.Message))
	}
	jobs, err := a.jobs(items)
	if err != nil {
		return err
	}
	return a.writeTo(a.config.GetString("output"), func(w io.Writer) error { return write(w, jobs, args) })
}

// jobs divides what was listed. Series and releases come in their order.
func (a *app) jobs(items []source.Item) ([]job, error) {
	by, n := a.config.GetString("by"), a.config.GetInt("shards")
	if by != "shard" && n != 0 {
		return nil, errors.New("--shards goes with --by shard")
	}
	switch {
	case len(items) == 0:
		return nil, errors.New("there is no artifact in the sources, so there is no job")
	case by == "series":
		return jobsBy(items, "series", func(it source.Item) string { return it.Name.Version.Series().String() }), nil
	case by == "release":
		return jobsBy(items, "release", func(it source.Item) string { return it.Name.Version.String() }), nil
	case by != "shard":
		return nil, fmt.Errorf("--by %s: want series, release or shard", by)
	case n < 1:
		return nil, errors.New("--by shard needs --shards, the number of jobs")
	}
	parts, err := shard.Split(items, n)
	if err != nil {
		return nil, fmt.Errorf("--shards: %w", err)
	}
	var jobs []job
	for k, part := range parts {
		jobs = append(jobs, newJob(shard.Shard{K: k + 1, N: n}.String(), "shard", part))
	}
	return jobs, nil
}

// jobsBy makes a job of what has the same name. Every listing is in the order
// of releases, but several are not.
func jobsBy(items []source.Item, flag string, name func(source.Item) string) []job {
	var jobs []job
	for _, part := range shard.By(items, name) {
		jobs = append(jobs, newJob(name(part[0]), flag, part))
	}
	return jobs
}

// maxGitHubJobs is how many jobs a matrix may make in one workflow run
// (GitHub's "Usage limits" of Actions).
const maxGitHubJobs = 256

// githubMatrix writes one line for strategy.matrix, which fromJSON reads.
func githubMatrix(w io.Writer, jobs []job, _ []string) error {
	if len(jobs) > maxGitHubJobs {
		return fmt.Errorf("%d jobs, and a matrix of GitHub's has at most %d: use --by series, or --by shard", len(jobs), maxGitHubJobs)
	}
	out, err := json.Marshal(map[string][]job{"include": jobs})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", out)
	return err
}

func plainJobs(w io.Writer, jobs []job, _ []string) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(jobs)
}

// gitlabPipeline writes a child pipeline: a job for each part, and the one that
// merges them. The job .migrate, which says where they run and brings the
// program along, is the project's.
func gitlabPipeline(w io.Writer, jobs []job, sources []string) error {
	var quoted, files []string
	for _, s := range sources {
		quoted = append(quoted, shellQuote(s))
	}
	var b strings.Builder
	b.WriteString(`# Made by migrate matrix. Each job extends .migrate, which the project defines
# and includes beside this file, with the stages report and merge.
.migrate-part:
  extends: .migrate
  stage: report
  artifacts:
    when: always
    paths: ["part-*.json"]
  # Findings (1) and what could not be checked (2) are for the merged report to
  # tell; a part that is missing makes the merge fail.
  allow_failure:
    exit_codes: [1, 2]
`)
	for _, j := range jobs {
		files = append(files, j.File)
		fmt.Fprintf(&b, "\n%s:\n  extends: .migrate-part\n  script:\n    - %s\n", yamlQuote("report "+j.Name),
			yamlQuote(fmt.Sprintf(`migrate report --at "$CI_PIPELINE_CREATED_AT" --format json -o %s %s -- %s`, j.File, j.Args, strings.Join(quoted, " "))))
	}
	fmt.Fprintf(&b, `
merge:
  extends: .migrate
  stage: merge
  artifacts:
    when: always
    paths: [report.json]
  script:
    - %s
`, yamlQuote("migrate merge --format json -o report.json "+strings.Join(files, " ")))
	_, err := io.WriteString(w, b.String())
	return err
}

// yamlQuote makes a double-quoted scalar: JSON's strings are YAML's (YAML
// 1.2.2, section 1.3).
func yamlQuote(s string) string {
	out, _ := json.Marshal(s) // a string can always be
	return string(out)
}

// shellQuote makes one word of s for a POSIX shell (2.2.2, single quotes).
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
