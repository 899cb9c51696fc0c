package dev.longitude.viewer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ItfValueTest {
    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '\'', textBlock = """
            5                                     ; 5
            -7                                    ; -7
            TRUE                                  ; true
            "a ""b"                               ; {"#unserializable":"\\"a \\"\\"b\\""}
            "say \\"a\\""                         ; "say \\"a\\""
            9007199254740991                      ; 9007199254740991
            9007199254740992                      ; {"#bigint":"9007199254740992"}
            <<>>                                  ; []
            <<1, <<"x">>>>                        ; [1,["x"]]
            {}                                    ; {"#set":[]}
            {2, 3}                                ; {"#set":[2,3]}
            1..3                                  ; {"#set":[1,2,3]}
            (0 :> 5 @@ 1 :> <<>>)                 ; {"#map":[[0,5],[1,[]]]}
            [op |-> "WriteTsc", vcpu |-> 0]       ; {"op":"WriteTsc","vcpu":0}
            NoValue                               ; "NoValue"
            [x \\in 1..2 |-> x]                   ; {"#unserializable":"[x \\\\in 1..2 |-> x]"}
            <<1, 2                                ; {"#unserializable":"<<1, 2"}
            """)
    void aValueOfTlcHasTheFormOfTheFormat(String tla, String json) throws JsonProcessingException {
        assertThat(new JsonMapper().writeValueAsString(ItfValue.of(tla))).isEqualTo(json);
    }
}
