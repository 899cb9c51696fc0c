package dev.longitude.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BehaviourTest {
    private static List<String> changes(String before, String after) {
        return Behaviour.of(List.of("1: <Initial predicate>\n" + before, "2: <MCNext line 1>\n" + after))
                .steps()
                .get(0)
                .changes()
                .stream()
                .map(Behaviour.Change::toString)
                .toList();
    }

    @Test
    void aChangeIsNamedByItsPlace() {
        assertThat(
                        changes(
                                "/\\ now = 1\n/\\ off = (0 :> 5 @@ 1 :> 6)\n/\\ page = (0 :> [at |-> 1, on |-> TRUE])",
                                "/\\ off = (0 :> 5 @@ 1 :> 7)\n/\\ page = ( 0 :>\n      [at |-> 2,\n on |-> TRUE] )\n/\\ now = 2"))
                .containsExactly("now 1 -> 2", "off[1] 6 -> 7", "page[0].at 1 -> 2");
    }

    @Test
    void whatComesAndGoesHasOneValue() {
        assertThat(changes("/\\ f = << >>\n/\\ g = (<<\"a\", 0>> :> {3})", "/\\ f = (0 :> 12)\n/\\ g = <<>>"))
                .containsExactly("f[0] 12", "g[<<\"a\", 0>>] is gone");
    }

    @Test
    void bracketsArrowsAndStringsInAValueDoNotPartIt() {
        assertThat(changes(
                        "/\\ f = (<< <<\"a\", 0>>, \"x, @@ [\" >> :> [b |-> {<<1, 2>>}, c |-> -1])",
                        "/\\ f = (<< <<\"a\", 0>>, \"x, @@ [\" >> :> [b |-> {<<1, 2>>, <<3, 4>>}, c |-> -1])"))
                .containsExactly("f[<<<<\"a\", 0>>, \"x, @@ [\">>].b {<<1, 2>>} -> {<<1, 2>>, <<3, 4>>}");
    }

    /** TLC prints an empty function with or without a blank. */
    @Test
    void anotherPrintOfAValueIsNoChange() {
        assertThat(changes("/\\ f = << >>\n/\\ s = {1,\n  2}", "/\\ f = <<>>\n/\\ s = {1, 2}"))
                .isEmpty();
    }

    @Test
    void aStepIsWhatTheSpecificationReplied() {
        assertThat(Behaviour.of(
                                List.of(
                                        "1: <Initial predicate>\n/\\ reply = [op |-> \"None\"]\n/\\ x = 1",
                                        "2: <MCNext line 1>\n/\\ reply = [value |-> 7, op |-> \"Write\", seen |-> {1}, vcpu |-> 0]\n/\\ x = 2",
                                        "3: <LetRun line 9>\n/\\ reply = [value |-> 7, op |-> \"Write\", seen |-> {1}, vcpu |-> 0]\n/\\ x = 3"))
                        .steps())
                .extracting(Behaviour.Step::what)
                .containsExactly("Write(vcpu 0, value 7)", "LetRun");
    }
}
