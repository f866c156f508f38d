"""A file as text: what is none is named by what it is."""

import gzip
import io
import zipfile

import pytest

from copytrading.exchange.prices.sheets import RecordingError, read_sheet


def archive(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archived:
        for name, text in files.items():
            archived.writestr(name, text)
    return packed.getvalue()


class TestReadSheet:
    def test_counts_blank_lines_and_rows_over_several_lines(self, written):
        sheet = read_sheet(written("a,b", "", '"1', '2",3', "4,5"))

        assert [list(row) for row in sheet.cells] == [["a", "b"], ["1\n2", "3"], ["4", "5"]]
        assert list(sheet.lines) == [1, 3, 5]

    def test_takes_marks_and_a_line_for_spreadsheets_off(self, written):
        sheet = read_sheet(written("\ufeffsep=,", "\u200ba,b", "1,2"))

        assert [list(row) for row in sheet.cells] == [["a", "b"], ["1", "2"]]
        assert list(sheet.lines) == [2, 3]

    def test_reads_the_one_file_of_an_archive(self, tmp_path):
        path = tmp_path / "bars.zip"
        path.write_bytes(archive(bars="a,b\n1,2\n"))

        assert len(read_sheet(path).cells) == 2

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (archive(one="a", two="b"), r"some.csv: The archive holds 2 files. Unpack it"),
            (archive(**{"xl/workbook.xml": ""}), r"some.csv: The file is an Excel workbook. Save it as CSV"),
            (archive(one="a,b\n")[:-30], r"some.csv: The file is not a complete zip archive"),
            (b"\xd0\xcf\x11\xe0old", "The file is an Excel workbook"),
            (b"SQLite format 3\x00", "The file is a database. Export its table"),
            (gzip.compress(b"a,b", mtime=0), r"The file is a gzip archive. Give it a name that ends in .gz"),
            ("a,b".encode("utf-16"), "The file is written in UTF-16"),
            (b"a,b\n1,2\n\x00\x00\n", "line 3: The line holds NUL bytes"),
            (b"a,b\n1,caf\xe9\n", "line 2: The file is not CSV text in UTF-8"),
            (b'a,b\n1,2\n"3,4\n', "line 3: The row is not CSV text"),
            (b"a;b;c\n1;2,5;3\n", "line 1: The columns are separated by semicolons, and a comma is the decimal sign"),
            (b"a;b;c\n1;2.5;3\n", r"line 1: The columns are separated by semicolons. Save the file"),
            (b"a\tb\tc\n1\t2\t3\n", "line 1: The columns are separated by tabs"),
            (b"sep=;\na;b\n1;2\n", "line 1: The columns are separated by semicolons"),
        ],
        # An archive's bytes have the time in them, and a test's name is the same in every process.
        ids=range(14),
    )
    def test_names_what_is_no_text_in_commas(self, tmp_path, content, sentence):
        path = tmp_path / "some.csv"
        path.write_bytes(content)

        with pytest.raises(RecordingError, match=sentence):
            read_sheet(path)
